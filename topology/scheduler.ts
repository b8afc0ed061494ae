/**
 * Where the simulated log lets faults in. Every await inside the log passes through one `step`, in an order that depends
 * on nothing but the program, so a seed repeats a run. Nothing here reads a clock or starts a timer.
 */

/** `<what>:<part>` of a call; the log waits here before it does that part. */
export type StepLabel =
  | 'topics:ensure'
  | 'topics:offsets'
  | 'topics:purge'
  | 'produce:append'
  | 'transactor:open'
  | 'commit:begin'
  | 'commit:append'
  | 'commit:end'
  | 'group:join'
  | 'group:commit'
  | 'group:committed'
  | 'consume:fetch'
  | 'consume:heartbeat'

/**
 * - run: go on
 * - crash: the client dies here; its calls reject with CrashedError and its transactions stay open
 * - fence: (commit) another holder of the transactional id takes over first
 * - lose-request: (commit:end) never arrives; the writer gets an IndefiniteError, the transaction stays open
 * - lose-answer: (commit:end) is done, and the writer gets an IndefiniteError all the same
 * - duplicate: (produce:append) appended twice; (consume:fetch) the batch begins with records already handed over
 *
 * A verdict that makes no sense at a step means run.
 */
export type Verdict = 'run' | 'crash' | 'fence' | 'lose-request' | 'lose-answer' | 'duplicate'

export interface Scheduler {
  /** A promise holds the step back until it resolves. */
  step(client: string, label: StepLabel): Verdict | Promise<Verdict>
}

/** No faults and no waiting. */
export const runAtOnce: Scheduler = { step: () => 'run' }
