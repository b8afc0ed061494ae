package freshet.bench;

import java.util.List;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** The exact count of every pair, by item and other item. */
final class CountPairs implements FixedKeyProcessor<String, Pairs, CountPairs.Counted> {
  static final String STORE = "pair-counts";

  /** Pairs, and how often each has come by now. */
  record Counted(Pairs pairs, int[] counts) {}

  private FixedKeyProcessorContext<String, Counted> context;
  private KeyValueStore<String, Integer> store;

  static StoreBuilder<KeyValueStore<String, Integer>> store() {
    return Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(STORE), Serdes.String(), Serdes.Integer())
        .withCachingEnabled();
  }

  @Override
  public void init(FixedKeyProcessorContext<String, Counted> given) {
    context = given;
    store = given.getStateStore(STORE);
  }

  @Override
  public void process(FixedKeyRecord<String, Pairs> record) {
    List<String> others = record.value().others();
    int[] counts = new int[others.size()];
    for (int i = 0; i < counts.length; i++) {
      String key = record.key() + '\0' + others.get(i);
      Integer before = store.get(key);
      counts[i] = before == null ? 1 : before + 1;
      store.put(key, counts[i]);
    }
    context.forward(record.withValue(new Counted(record.value(), counts)));
  }
}
