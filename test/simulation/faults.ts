/** What can go wrong at a step, and how often. Each seed has some of it and leaves the rest out, so that faults also come alone. */
import type { StepLabel, Verdict } from '../../topology/scheduler.ts'

/** Steps of the log, and of the Redis and the registry of the simulation. */
export type Label =
  | StepLabel
  | 'redis:scripts'
  | 'redis:after'
  | 'redis:position'
  | 'redis:move'
  | 'registry:register'
  | 'registry:fetch'
  /** A whole commit of a task on its way to the log: 'duplicate' appends its frames of signals twice. */
  | 'commit:frames'

/** - cut: (redis:scripts) half of a pipeline is done, then the connection breaks */
export type AnyVerdict = Verdict | 'cut'

export interface FaultKind {
  readonly label: Label
  readonly verdict: AnyVerdict
  /** Of the steps of a seed that has it, at intensity 1. */
  readonly share: number
}

const kinds = (label: Label, share: number, ...verdicts: readonly AnyVerdict[]): FaultKind[] =>
  verdicts.map(verdict => ({ label, verdict, share }))

export const FAULT_KINDS: readonly FaultKind[] = [
  ...kinds('topics:ensure', 0.05, 'crash', 'crash-after', 'lose-request', 'lose-answer'),
  ...kinds('topics:offsets', 0.01, 'crash', 'lose-request', 'lose-answer'),
  ...kinds('topics:purge', 0.2, 'crash', 'crash-after', 'lose-request', 'lose-answer'),
  ...kinds('produce:append', 0.01, 'crash', 'crash-after', 'lose-request', 'lose-answer', 'duplicate'),
  ...kinds('transactor:open', 0.03, 'crash', 'crash-after', 'lose-request', 'lose-answer'),
  ...kinds('commit:begin', 0.01, 'crash', 'fence', 'lose-request'),
  ...kinds('commit:append', 0.01, 'crash', 'crash-after', 'fence', 'lose-request', 'lose-answer'),
  ...kinds('commit:end', 0.015, 'crash', 'crash-after', 'fence', 'lose-request', 'lose-answer', 'late'),
  ...kinds('commit:frames', 0.02, 'duplicate'),
  ...kinds('group:join', 0.03, 'crash', 'take-all'),
  ...kinds('group:commit', 0.02, 'crash', 'crash-after', 'lose-request', 'lose-answer'),
  ...kinds('group:committed', 0.05, 'crash', 'lose-request', 'lose-answer'),
  ...kinds('consume:fetch', 0.002, 'crash', 'expel'),
  ...kinds('consume:fetch', 0.02, 'duplicate'),
  ...kinds('redis:scripts', 0.01, 'crash', 'crash-after', 'lose-request', 'lose-answer', 'cut'),
  ...kinds('redis:after', 0.02, 'crash', 'crash-after', 'lose-request', 'lose-answer'),
  ...kinds('redis:position', 0.04, 'crash', 'lose-request', 'lose-answer'),
  ...kinds('redis:move', 0.01, 'crash', 'crash-after', 'lose-request', 'lose-answer'),
  ...kinds('registry:register', 0.03, 'crash', 'crash-after', 'lose-request', 'lose-answer'),
  ...kinds('registry:fetch', 0.05, 'crash', 'lose-request', 'lose-answer'),
]

export const nameOfKind = ({ label, verdict }: { readonly label: Label; readonly verdict: AnyVerdict }): string =>
  `${label} ${verdict}`
