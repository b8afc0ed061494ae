// Generated from avro/signal-frame.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** One integer change of one counter of one item. */
export interface Delta {
  /** see schemas/signals.ts */
  kind: number
  /** index into strings: the item whose counter changes */
  item: number
  /** index into strings: the other item, the cell or the type; −1 where there is none */
  other: number
  /** what is added; may be negative */
  amount: number
}

/** All deltas of one source record for one target partition. */
export interface SignalEntry {
  /** source offset */
  offset: number
  /** event time, ms since the epoch */
  atMs: number
  deltas: Delta[]
}

/** What one commit of one user task has for one item partition. */
export interface SignalFrame {
  /** partition of the user task */
  source: number
  /** every id and name once */
  strings: string[]
  /** in source order */
  entries: SignalEntry[]
}

export const signalFrame: RecordSchema<SignalFrame> = recordSchema('signal-frame')
