package freshet.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.avro.io.Decoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.Encoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/** Values in Avro's binary encoding, field by field, without generic records between: compact, and cheap. */
abstract class AvroSerde<T> implements Serde<T> {
  private final int headerBytes;

  /** @param headerBytes what stands before the value when it is read, and is skipped */
  AvroSerde(int headerBytes) {
    this.headerBytes = headerBytes;
  }

  abstract T read(Decoder in) throws IOException;

  abstract void write(T value, Encoder out) throws IOException;

  /** What stands before the value when it is written. */
  void writeHeader(ByteArrayOutputStream out) {}

  @Override
  public Serializer<T> serializer() {
    return (topic, value) -> value == null ? null : bytesOf(value);
  }

  @Override
  public Deserializer<T> deserializer() {
    return (topic, bytes) -> bytes == null ? null : valueOf(bytes);
  }

  private byte[] bytesOf(T value) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream(256);
      writeHeader(out);
      write(value, EncoderFactory.get().directBinaryEncoder(out, null));
      return out.toByteArray();
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private T valueOf(byte[] bytes) {
    try {
      return read(DecoderFactory.get().binaryDecoder(bytes, headerBytes, bytes.length - headerBytes, null));
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
