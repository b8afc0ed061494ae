/** The view with some of its calls replaced. */
import type { View } from '../../../connectors/view.ts'

export const changedView = (view: View, calls: Partial<View>): View => ({
  write: (writes, stopping) => view.write(writes, stopping),
  readUser: visitor => view.readUser(visitor),
  readValues: wanted => view.readValues(wanted),
  itemsVersion: () => view.itemsVersion(),
  itemPages: () => view.itemPages(),
  itemPage: page => view.itemPage(page),
  gone: () => view.gone(),
  pruneGone: beforeMs => view.pruneGone(beforeMs),
  readPosition: (table, partition) => view.readPosition(table, partition),
  movePositions: moves => view.movePositions(moves),
  onReconnect: listener => view.onReconnect(listener),
  isUp: () => view.isUp(),
  close: () => view.close(),
  ...calls,
})
