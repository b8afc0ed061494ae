/** The names of what must hold, each with its sentence; docs/reliability.md is held against this table. */
export const INVARIANTS = {
  I1: 'The state of every key is what a recount of the log by other code makes of it.',
  I2: 'Every output is committed once: clicks, set-aside records, signals, and the last value of every table.',
  I3: 'The committed position of a task never goes back, and its commits are numbered without a gap.',
  I4: 'At rest Redis holds the last value of every key, and no value there is ever replaced by an older one.',
  I5: 'No reader is given a record of an aborted or open transaction.',
  I6: 'A task that starts to work holds, byte for byte, the state that its changelog had at its barrier.',
  I7: 'Once nothing goes wrong any more, everything is read, committed and published within a minute.',
  I8: 'Nothing is left behind: no timer, consumer, transaction or call after a clean stop.',
  V: 'No view builds before the tables it needs are loaded, nor commits a position before its work; in the end each list knows the last event of its visitor.',
  STOP: 'A process stops with an error only where it should, by the code it should.',
} as const
export type Invariant = keyof typeof INVARIANTS

/** Tells of a breach; the first one ends the run. */
export type Complain = (invariant: Invariant, what: string) => void
