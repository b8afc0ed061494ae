/**
 * What a read_committed reader may see of one partition. The broker sends every record up to the last stable offset and
 * a list of the aborted transactions among them; leaving those out is the reader's work. Kafka and the simulated log
 * share this function, since kafkajs's own lets aborted records through wherever two transactional writers interleave.
 */

/** One record or control record as the filter sees it. */
export interface FilterEntry {
  readonly offset: number
  /** Undefined for a record written without a producer id. */
  readonly producerId: string | undefined
  readonly isTransactional: boolean
  /** Only what the log itself marks as a control record has one: a record's key proves nothing. */
  readonly control: 'commit' | 'abort' | 'other' | undefined
}

export interface AbortedTransaction {
  readonly producerId: string
  /** Offset of the transaction's first record in this partition. */
  readonly firstOffset: number
}

/**
 * @param entries - in order of offset, from any offset on
 * @param aborted - every aborted transaction that touches the range, in any order (a broker sorts by abort marker)
 * @param read - how an entry is read; called once an entry
 * @returns the entries that are neither control records nor part of an aborted transaction, in order
 */
export function withoutAborted<T>(
  entries: readonly T[],
  aborted: readonly AbortedTransaction[],
  read: (entry: T) => FilterEntry,
): T[] {
  const waiting = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset)
  const open = new Set<string>()
  let next = 0
  return entries.filter(entry => {
    const { offset, producerId, isTransactional, control } = read(entry)
    for (let first = waiting[next]; first && first.firstOffset <= offset; first = waiting[++next]) {
      open.add(first.producerId)
    }
    if (control) {
      // Transactions of one producer follow each other, so either marker ends the one before it.
      if (control !== 'other' && producerId !== undefined) open.delete(producerId)
      return false
    }
    return !(isTransactional && producerId !== undefined && open.has(producerId))
  })
}
