package freshet.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.io.Decoder;
import org.apache.avro.io.Encoder;

/** How many others, they, the partition, and the offset where there is a partition. */
final class PairsSerde extends AvroSerde<Pairs> {
  PairsSerde() {
    super(0);
  }

  @Override
  Pairs read(Decoder in) throws IOException {
    int count = in.readInt();
    List<String> others = new ArrayList<>(count);
    for (int i = 0; i < count; i++) others.add(in.readString());
    int partition = in.readInt();
    return new Pairs(others, partition, partition < 0 ? -1 : in.readLong());
  }

  @Override
  void write(Pairs pairs, Encoder out) throws IOException {
    out.writeInt(pairs.others().size());
    for (String other : pairs.others()) out.writeString(other);
    out.writeInt(pairs.partition());
    if (pairs.partition() >= 0) out.writeLong(pairs.offset());
  }
}
