package freshet.bench;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/** {@code top-list.avsc} behind a zero byte and the schema's id, as it is published. */
final class FramedTopListSerde extends TopListSerde {
  private final byte[] header;

  FramedTopListSerde(int schemaId) {
    header = ByteBuffer.allocate(5).put((byte) 0).putInt(schemaId).array();
  }

  @Override
  void writeHeader(ByteArrayOutputStream out) {
    out.writeBytes(header);
  }
}
