package freshet.bench;

import java.util.Arrays;

/**
 * The items that most often go with one item, by count, then by id; see {@code top-list.avsc}. Counts only grow, and the one
 * that grew is offered each time, so the list is exact without the counts that are not in it.
 */
final class TopList {
  static final int KEPT = 100;

  long[] upTo = {};
  long pairs;
  int size;
  final String[] items = new String[KEPT];
  final int[] counts = new int[KEPT];

  /** Changes the list, which is the store's copy of its own, and returns it. */
  TopList with(CountPairs.Counted counted) {
    Pairs added = counted.pairs();
    pairs += added.others().size();
    if (added.partition() >= 0) reach(added.partition(), added.offset());
    for (int i = 0; i < counted.counts().length; i++) offer(added.others().get(i), counted.counts()[i]);
    return this;
  }

  private void reach(int partition, long offset) {
    int before = upTo.length;
    if (partition >= before) {
      upTo = Arrays.copyOf(upTo, partition + 1);
      Arrays.fill(upTo, before, partition, -1);
    }
    upTo[partition] = offset;
  }

  private void offer(String item, int count) {
    int at = 0;
    while (at < size && !items[at].equals(item)) at++;
    if (at == size) {
      if (size < KEPT) size++;
      else if (!isBetter(item, count, --at)) return;
    }
    while (at > 0 && isBetter(item, count, at - 1)) {
      items[at] = items[at - 1];
      counts[at] = counts[at - 1];
      at--;
    }
    items[at] = item;
    counts[at] = count;
  }

  private boolean isBetter(String item, int count, int than) {
    return count > counts[than] || (count == counts[than] && item.compareTo(items[than]) < 0);
  }
}
