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
  /** The broker's own: the control record of one partition, after `commit:end` was answered. */
  | 'commit:marker'
  /** The broker's own: a `commit:end` with the verdict 'late' arrives. */
  | 'commit:late'
  | 'group:join'
  | 'group:commit'
  | 'group:committed'
  | 'consume:fetch'
  | 'consume:heartbeat'

/**
 * - run: go on
 * - crash: the client dies here; its calls reject with CrashedError and its transactions stay open
 * - crash-after: the part is done, and the client dies before it hears of it
 * - lose-request: never arrives; the caller gets an error, in a commit an IndefiniteError with the transaction left open
 * - lose-answer: is done, and the caller gets that error all the same
 * - late: (commit:end) as lose-request, but it arrives after all when 'commit:late' is let go
 * - fence: (commit) another holder of the transactional id takes over first
 * - duplicate: (produce:append) appended twice; (consume:fetch) the batch begins with records already handed over
 * - expel: (consume:fetch) the group drops the member, which hears of it with its next heartbeat
 * - take-all: (group:join) the assigner errs: the member is given every partition, whoever else has them
 *
 * A verdict that makes no sense at a step means run.
 */
export type Verdict =
  | 'run'
  | 'crash'
  | 'crash-after'
  | 'lose-request'
  | 'lose-answer'
  | 'late'
  | 'fence'
  | 'duplicate'
  | 'expel'
  | 'take-all'

export interface Scheduler {
  /** A promise holds the step back until it resolves. @param client - its name; {@link BROKER} for the broker's own */
  step(client: string, label: StepLabel): Verdict | Promise<Verdict>
}

export const BROKER = 'broker'

/** No faults and no waiting. */
export const runAtOnce: Scheduler = { step: () => 'run' }
