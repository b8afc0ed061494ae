package freshet.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.io.Decoder;
import org.apache.avro.io.Encoder;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** The last 20 distinct items of each user; a new event makes a pair, both ways, with each of them but its own item. */
final class LastItems implements Processor<String, Event, String, Pairs> {
  static final String STORE = "last-items";
  private static final int KEPT = 20;

  private ProcessorContext<String, Pairs> context;
  private KeyValueStore<String, List<String>> store;

  static StoreBuilder<KeyValueStore<String, List<String>>> store() {
    return Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(STORE), Serdes.String(), new ItemsSerde())
        .withCachingEnabled();
  }

  @Override
  public void init(ProcessorContext<String, Pairs> given) {
    context = given;
    store = given.getStateStore(STORE);
  }

  @Override
  public void process(Record<String, Event> record) {
    Event event = record.value();
    List<String> known = store.get(event.user());
    List<String> items = known == null ? new ArrayList<>() : known;
    items.remove(event.item());
    for (String other : items) context.forward(record.withKey(other).withValue(Pairs.with(event.item())));
    if (!items.isEmpty()) context.forward(record.withKey(event.item()).withValue(allOf(items)));
    items.add(event.item());
    if (items.size() > KEPT) items.remove(0);
    store.put(event.user(), items);
  }

  private Pairs allOf(List<String> items) {
    RecordMetadata event = context.recordMetadata().orElseThrow();
    return new Pairs(List.copyOf(items), event.partition(), event.offset());
  }

  private static final class ItemsSerde extends AvroSerde<List<String>> {
    ItemsSerde() {
      super(0);
    }

    @Override
    List<String> read(Decoder in) throws IOException {
      int count = in.readInt();
      List<String> items = new ArrayList<>(KEPT + 1);
      for (int i = 0; i < count; i++) items.add(in.readString());
      return items;
    }

    @Override
    void write(List<String> items, Encoder out) throws IOException {
      out.writeInt(items.size());
      for (String item : items) out.writeString(item);
    }
  }
}
