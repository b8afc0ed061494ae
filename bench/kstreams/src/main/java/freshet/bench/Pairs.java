package freshet.bench;

import java.util.List;

/**
 * One more user has each of {@code others} among their items beside the item that keys this record. What an event changes for
 * one item travels in one record.
 *
 * @param partition of the event, on the record of the event's own item; −1 on all others
 * @param offset of the event, likewise
 */
record Pairs(List<String> others, int partition, long offset) {
  static Pairs with(String other) {
    return new Pairs(List.of(other), -1, -1);
  }
}
