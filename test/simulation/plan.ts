/** What a seed means: the shape of the system, what is published and when, and what befalls processes and services. */
import { type Sent, workload } from './workload.ts'
import { Dice } from './random.ts'

export type ActionKind =
  | 'start'
  | 'stop'
  | 'kill'
  | 'sleep'
  | 'expel'
  | 'compact'
  | 'broker-away'
  | 'registry-away'
  | 'redis-away'
  | 'redis-refuses'
  | 'redis-slow'
  | 'redis-flush'
  | 'redis-restart'
  | 'redis-failover'
  | 'redis-failover-short'
  | 'machine-sleeps'
  | 'other-version'
  | 'other-partitions'

export interface Action {
  /** ms after the start. */
  readonly atMs: number
  readonly kind: ActionKind
  /** Which of the processes alive; taken modulo their number. */
  readonly which: number
  readonly forMs: number
}

export interface Plan {
  readonly seed: number
  readonly partitions: number
  readonly maxBatchRecords: number
  /** So many commits come to nothing that aborted transactions lie across each other. */
  readonly isStorm: boolean
  /** Processes that a supervisor keeps alive. */
  readonly processes: number
  readonly restartMs: number
  /** Least time between two commits of the item stage, ms. */
  readonly itemGapMs: number
  /** The share of looks at the clock that take time, up to 8 ms: a machine that is slow. */
  readonly creep: number
  readonly spanMs: number
  readonly sent: readonly Sent[]
  readonly actions: readonly Action[]
  /**
   * After healing: 'born-again', every process is replaced, Redis emptied, and nothing is left in a table but the last value
   * of each key; 'data-lost', the input is deleted before it was read, and that is the end.
   */
  readonly ending: 'healed' | 'born-again' | 'data-lost'
}

const KINDS: readonly { readonly kind: ActionKind; readonly weight: number; readonly forMs: number }[] = [
  { kind: 'start', weight: 3, forMs: 0 },
  { kind: 'stop', weight: 3, forMs: 0 },
  { kind: 'kill', weight: 4, forMs: 0 },
  { kind: 'sleep', weight: 4, forMs: 4_000 },
  { kind: 'expel', weight: 2, forMs: 0 },
  { kind: 'compact', weight: 4, forMs: 0 },
  { kind: 'broker-away', weight: 1, forMs: 1_500 },
  { kind: 'registry-away', weight: 2, forMs: 2_000 },
  { kind: 'redis-away', weight: 2, forMs: 3_000 },
  { kind: 'redis-slow', weight: 1, forMs: 2_000 },
  { kind: 'redis-flush', weight: 2, forMs: 0 },
  { kind: 'redis-restart', weight: 1, forMs: 0 },
  { kind: 'redis-failover', weight: 1, forMs: 1_000 },
  { kind: 'redis-failover-short', weight: 3, forMs: 50 },
  { kind: 'machine-sleeps', weight: 0.3, forMs: 11 * 60_000 },
  { kind: 'other-version', weight: 0.7, forMs: 0 },
  { kind: 'other-partitions', weight: 0.3, forMs: 0 },
]
export const ACTION_KINDS: readonly ActionKind[] = [...KINDS.map(one => one.kind), 'redis-refuses']
const REFUSED_MS = 3_000

export function planOf(seed: number): Plan {
  const dice = new Dice(seed, 'plan')
  const isStorm = dice.is(0.06)
  const partitions = dice.pick(isStorm ? [2, 3, 4] : [1, 1, 2, 2, 3, 4])
  // Signals are forgotten ten minutes after they were counted, by whoever looks every ten seconds.
  const isLong = dice.is(0.04)
  const spanMs = isLong ? 25_000 : isStorm ? 5_000 : dice.pick([500, 2_000, 5_000])
  const kept = KINDS.filter(() => dice.is(0.5))
  const total = kept.reduce((sum, one) => sum + one.weight, 0)
  const actions: Action[] = Array.from({ length: total > 0 ? dice.below(9) : 0 }, () => {
    let at = dice.next() * total
    const chosen = kept.find(one => {
      at -= one.weight
      return at < 0
    })
    const { kind, forMs } = chosen ?? (kept[0] as (typeof kept)[number])
    return { atMs: Math.floor(dice.next() * spanMs * 1.2), kind, which: dice.below(60), forMs: dice.next() * forMs }
  })
  if (isLong) actions.push({ atMs: 12_000 + dice.below(6_000), kind: 'machine-sleeps', which: 0, forMs: 11 * 60_000 })
  actions.push(...refusals(seed, spanMs))
  return {
    seed,
    partitions,
    isStorm,
    maxBatchRecords: dice.pick([1, 3, 20, 500]),
    processes: dice.pick([1, 2, 2, 3]),
    restartMs: dice.pick([0, 100, 1_500]),
    itemGapMs: dice.pick([0, 50, 500]),
    creep: dice.pick([0, 0, 0, 0, 0, 0.02, 0.1]),
    spanMs,
    sent: workload(seed, partitions, spanMs),
    actions: actions.sort((a, b) => a.atMs - b.atMs),
    ending: dice.is(0.02) ? 'data-lost' : dice.is(0.2) ? 'born-again' : 'healed',
  }
}

/** Some seeds have a Redis that takes nothing for a while, and a death soon after: what was not written is then lost to its writer. */
function refusals(seed: number, spanMs: number): Action[] {
  const dice = new Dice(seed, 'refusals')
  if (!dice.is(0.2)) return []
  const [atMs, forMs, which] = [Math.floor(dice.next() * spanMs), dice.next() * REFUSED_MS, dice.below(60)]
  const after = Math.floor(atMs + forMs * (1 + dice.next() / 2))
  return [
    { atMs, kind: 'redis-refuses', which, forMs },
    { atMs: after, kind: 'kill', which, forMs: 0 },
  ]
}
