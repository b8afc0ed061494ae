/** Columns of a list from its items, told one by one. */
import { type ListColumns, ListColumnWriter, type ListItem } from '../../schemas/list-items.ts'

export function columnsOf(items: readonly ListItem[]): ListColumns {
  const columns = new ListColumnWriter(items.length)
  for (const { itemId, score, sources, source, because } of items) {
    columns.add(itemId, score, sources, source)
    for (const reason of because) columns.addReason(reason)
  }
  return columns.finish()
}
