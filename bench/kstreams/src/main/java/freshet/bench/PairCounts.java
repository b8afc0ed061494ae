package freshet.bench;

import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Events by user → the user's last 20 distinct items → every pair by item, in both directions → exact counts → the top 100
 * of each item → changed lists.
 *
 * <p>Arguments are {@code name=value}; {@code bench/beside-streams-sides.ts} gives them. Prints {@code running} once every task runs,
 * and ends in peace with SIGTERM.
 */
public final class PairCounts {
  private PairCounts() {}

  public static void main(String[] args) throws Exception {
    Map<String, String> given =
        Arrays.stream(args)
            .map(arg -> arg.split("=", 2))
            .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1]));
    KafkaStreams streams = new KafkaStreams(topology(given), properties(given));
    CountDownLatch ended = new CountDownLatch(1);
    streams.setUncaughtExceptionHandler(
        error -> {
          error.printStackTrace();
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    streams.setStateListener(
        (now, before) -> {
          if (now == KafkaStreams.State.RUNNING) System.out.println("running");
          if (now == KafkaStreams.State.ERROR) ended.countDown();
        });
    Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(10))));
    streams.start();
    ended.await();
    System.exit(1);
  }

  private static Topology topology(Map<String, String> given) throws Exception {
    StreamsBuilder builder = new StreamsBuilder();
    builder.addStateStore(LastItems.store());
    builder.addStateStore(CountPairs.store());
    builder.stream(given.get("input"), Consumed.with(Serdes.String(), new EventSerde(given.get("eventSchema"))))
        .process(LastItems::new, LastItems.STORE)
        .repartition(
            Repartitioned.with(Serdes.String(), new PairsSerde())
                .withName("pairs")
                .withNumberOfPartitions(Integer.parseInt(given.get("partitions"))))
        .processValues(CountPairs::new, CountPairs.STORE)
        .groupByKey(Grouped.keySerde(Serdes.String()))
        .aggregate(
            TopList::new,
            (item, counted, list) -> list.with(counted),
            Materialized.<String, TopList, KeyValueStore<Bytes, byte[]>>as("top-lists")
                .withKeySerde(Serdes.String())
                .withValueSerde(new TopListSerde()))
        .toStream()
        .to(
            given.get("output"),
            Produced.with(Serdes.String(), new FramedTopListSerde(Integer.parseInt(given.get("listSchemaId")))));
    return builder.build();
  }

  private static Properties properties(Map<String, String> given) {
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, given.get("application"));
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, given.get("brokers"));
    properties.put(StreamsConfig.STATE_DIR_CONFIG, given.get("stateDir"));
    properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, given.get("commitMs"));
    properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, given.get("threads"));
    properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, given.get("cacheBytes"));
    properties.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, "1");
    properties.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    return properties;
  }
}
