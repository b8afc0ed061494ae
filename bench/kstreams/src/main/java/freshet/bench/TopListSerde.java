package freshet.bench;

import java.io.IOException;
import org.apache.avro.io.Decoder;
import org.apache.avro.io.Encoder;

/** {@code top-list.avsc}, as the store keeps it. */
class TopListSerde extends AvroSerde<TopList> {
  TopListSerde() {
    super(0);
  }

  @Override
  TopList read(Decoder in) throws IOException {
    TopList list = new TopList();
    list.upTo = new long[(int) in.readArrayStart()];
    for (int i = 0; i < list.upTo.length; i++) list.upTo[i] = in.readLong();
    if (list.upTo.length > 0) in.arrayNext();
    list.pairs = in.readLong();
    list.size = (int) in.readArrayStart();
    for (int i = 0; i < list.size; i++) list.items[i] = in.readString();
    if (list.size > 0) in.arrayNext();
    in.readArrayStart();
    for (int i = 0; i < list.size; i++) list.counts[i] = in.readInt();
    return list;
  }

  @Override
  void write(TopList list, Encoder out) throws IOException {
    start(out, list.upTo.length);
    for (long offset : list.upTo) out.writeLong(offset);
    out.writeArrayEnd();
    out.writeLong(list.pairs);
    start(out, list.size);
    for (int i = 0; i < list.size; i++) out.writeString(list.items[i]);
    out.writeArrayEnd();
    start(out, list.size);
    for (int i = 0; i < list.size; i++) out.writeInt(list.counts[i]);
    out.writeArrayEnd();
  }

  private static void start(Encoder out, int count) throws IOException {
    out.writeArrayStart();
    out.setItemCount(count);
  }
}
