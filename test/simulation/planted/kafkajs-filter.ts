import { createRequire } from 'node:module'
import type { withoutAborted } from '../../../topology/abort-filter.ts'
import type { Planted } from './planted.ts'

interface Message {
  readonly offset: string
  readonly key: Buffer | null
  readonly batchContext: { readonly producerId: string | undefined; readonly inTransaction: boolean }
}
type Filter = (given: {
  messages: Message[]
  abortedTransactions: { producerId: string; firstOffset: string }[]
}) => Message[]
const filterAborted = createRequire(import.meta.url)('kafkajs/src/consumer/filterAbortedMessages.js') as Filter
/** Version 0 and the type: 0 is an abort, 1 a commit. */
const MARKERS = {
  abort: Buffer.from([0, 0, 0, 0]),
  commit: Buffer.from([0, 0, 0, 1]),
  other: Buffer.from([0, 0, 0, 9]),
}

const filter: typeof withoutAborted = (entries, aborted, read) => {
  const shown = new Map<Message, (typeof entries)[number]>()
  for (const entry of entries) {
    const { offset, producerId, isTransactional, control } = read(entry)
    // kafkajs takes any key of four zero bytes for an abort marker; ours have none, so that is left out.
    const key = control ? MARKERS[control] : null
    shown.set({ offset: String(offset), key, batchContext: { producerId, inTransaction: isTransactional } }, entry)
  }
  const abortedTransactions = aborted.map(one => ({ producerId: one.producerId, firstOffset: String(one.firstOffset) }))
  const messages = filterAborted({ messages: [...shown.keys()], abortedTransactions })
  return messages.filter(message => message.key === null).map(message => shown.get(message) as (typeof entries)[number])
}

export const kafkajsFilter: Planted = {
  what: "kafkajs's own abort filter stands in the place of ours.",
  within: 300,
  seed: 35,
  breaks: ['I5'],
  substitute: () => ({ log: { filter } }),
}
