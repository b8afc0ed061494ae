/**
 * The seeded scheduler: at every await of the log, Redis and the registry it delays, or lets a fault in. Each decision
 * depends on the seed, the client, the step and how often the client came there; so a fault that is left out takes no
 * other with it, and a run can be told again with few of them.
 */
import { BROKER, type Scheduler, type Verdict } from '../../topology/scheduler.ts'
import { type AnyVerdict, FAULT_KINDS, type FaultKind, type Label, nameOfKind } from './faults.ts'
import { Dice, hashOf, hashOfText } from './random.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface Fault {
  readonly atMs: number
  readonly client: string
  readonly kind: string
  /** How often the client had come to this step. */
  readonly visit: number
}
export const idOfFault = ({ client, kind, visit }: Fault): string => `${client} ${kind} ${visit}`

export interface TroubleOptions {
  readonly seed: number
  readonly time: VirtualTime
  /** Ids of the only faults to let in; default all that the seed has. */
  readonly only?: ReadonlySet<string>
  readonly hasDelays: boolean
  /** See the plan. */
  readonly isStorm: boolean
  /** Resolves when a client that is stopped goes on; undefined where it runs. */
  readonly gate: (client: string, label: Label) => Promise<void> | undefined
  /** Clients that no fault hits: the world's own. */
  readonly spared: ReadonlySet<string>
}

/** Of one run: with more of them it would show nothing more, and take longer. */
const MAX_FAULTS = 25
const MAX_STORM_FAULTS = 100
const STORM: readonly FaultKind[] = [
  { label: 'commit:end', verdict: 'lose-request', share: 0.3 },
  { label: 'commit:end', verdict: 'lose-answer', share: 0.05 },
]
const MAX_DEATHS = 6

interface Hazard {
  readonly kind: FaultKind
  readonly upTo: number
}

export class Trouble implements Scheduler {
  readonly faults: Fault[] = []
  readonly #o: TroubleOptions
  readonly #hazards = new Map<Label, readonly Hazard[]>()
  readonly #visits = new Map<string, number>()
  /** Of the steps, how many wait; and for how long at most, ms. */
  readonly #delayed: number
  readonly #delayMs: number
  readonly #hangs: number
  #deaths = 0
  #isOver = false
  steps = 0
  /** Over all steps, delays and faults: two runs with the same one were the same. */
  trace = 0

  constructor(options: TroubleOptions) {
    this.#o = options
    const dice = new Dice(options.seed, 'trouble')
    const intensity = dice.pick([0, 0.3, 1, 1, 1, 3])
    const kept = dice.pick([0.1, 0.3, 0.6])
    for (const kind of FAULT_KINDS) if (dice.is(kept)) this.#add(kind, kind.share * intensity)
    const { isStorm } = options
    if (isStorm) for (const kind of STORM) this.#add(kind, kind.share)
    this.#delayed = dice.pick([0, 0.05, 0.2, 0.5])
    this.#delayMs = dice.pick([1, 10, 60])
    this.#hangs = dice.pick([0, 0, 0.0005, 0.002])
  }

  #add(kind: FaultKind, share: number): void {
    const before = this.#hazards.get(kind.label) ?? []
    this.#hazards.set(kind.label, [...before, { kind, upTo: (before.at(-1)?.upTo ?? 0) + share }])
  }

  /** Nothing more goes wrong, and nothing takes long. */
  end(): void {
    this.#isOver = true
  }

  step(client: string, label: Label): Verdict | Promise<Verdict> {
    return this.decide(client, label) as Verdict | Promise<Verdict> // a verdict of Redis makes no sense to the log
  }

  decide(client: string, label: Label): AnyVerdict | Promise<AnyVerdict> {
    if (this.#o.spared.has(client)) return 'run'
    this.steps++
    const gate = this.#o.gate(client, label)
    if (gate) return gate.then(() => this.decide(client, label))
    const place = `${client} ${label}`
    const visit = this.#visits.get(place) ?? 0
    this.#visits.set(place, visit + 1)
    const draw = hashOf(this.#o.seed, hashOfText(place), visit)
    const verdict = this.#verdict(client, label, visit, draw)
    const delayMs = this.#delay(hashOf(draw, 1), label)
    this.trace = hashOf(this.trace, draw, Math.floor(this.#o.time.nowMs), delayMs * 1_000)
    return delayMs > 0 ? this.#o.time.wait(delayMs).then(() => verdict) : verdict
  }

  #verdict(client: string, label: Label, visit: number, draw: number): AnyVerdict {
    if (this.#isOver || client === BROKER) return 'run'
    const chance = draw / 2 ** 32
    const hazard = this.#hazards.get(label)?.find(({ upTo }) => chance < upTo)
    if (!hazard || this.faults.length >= (this.#o.isStorm ? MAX_STORM_FAULTS : MAX_FAULTS)) return 'run'
    const isDeath = hazard.kind.verdict === 'crash' || hazard.kind.verdict === 'crash-after'
    if (isDeath && ++this.#deaths > MAX_DEATHS) return 'run'
    const fault = { atMs: this.#o.time.nowMs, client, kind: nameOfKind(hazard.kind), visit }
    if (this.#o.only && !this.#o.only.has(idOfFault(fault))) return 'run'
    this.faults.push(fault)
    return hazard.kind.verdict
  }

  #delay(draw: number, label: Label): number {
    if (!this.#o.hasDelays || this.#isOver) return 0
    const chance = draw / 2 ** 32
    const share = hashOf(draw, 2) / 2 ** 32
    if (chance < this.#hangs) return 4_000 * share
    if (this.#o.isStorm && label.startsWith('commit:')) return chance < 0.5 ? 60 * share : 0
    // The broker answers a commit before its control records are written, as a rule.
    const delayed = label === 'commit:marker' || label === 'commit:late' ? 0.5 : this.#delayed
    return chance < delayed ? this.#delayMs * share * share : 0
  }
}
