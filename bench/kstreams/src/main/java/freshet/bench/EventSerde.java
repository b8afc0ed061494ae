package freshet.bench;

import java.io.File;
import java.io.IOException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.Decoder;
import org.apache.avro.io.Encoder;

/** Reads two fields of Freshet's {@code Interaction}, behind the five bytes that name its schema. Writes nothing. */
final class EventSerde extends AvroSerde<Event> {
  private final ThreadLocal<GenericDatumReader<GenericRecord>> reader;

  EventSerde(String schemaFile) throws IOException {
    super(5);
    Schema written = new Schema.Parser().parse(new File(schemaFile));
    Schema wanted =
        SchemaBuilder.record(written.getName())
            .namespace(written.getNamespace())
            .fields()
            .name("userId").type(written.getField("userId").schema()).noDefault()
            .name("itemId").type(written.getField("itemId").schema()).noDefault()
            .endRecord();
    reader = ThreadLocal.withInitial(() -> new GenericDatumReader<>(written, wanted));
  }

  @Override
  Event read(Decoder in) throws IOException {
    GenericRecord record = reader.get().read(null, in);
    return new Event(record.get(0).toString(), record.get(1).toString());
  }

  @Override
  void write(Event value, Encoder out) {
    throw new UnsupportedOperationException("events are only read");
  }
}
