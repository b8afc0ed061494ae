/** One side, once: warmed up on a backlog, timed on another, then at each rate; at the end its lists are held to a brute-force count. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Interaction } from '../schemas/interaction.ts'
import { topicName, topics } from '../schemas/topics.ts'
import { films } from './backlog.ts'
import { PairCount } from './beside-streams-count.ts'
import { openPairLog, type PairLog } from './beside-streams-log.ts'
import { ListProbe } from './beside-streams-probe.ts'
import { SIDES, type Setup, type Side, startSide } from './beside-streams-sides.ts'
import type { Children } from './children.ts'
import { CpuWatch } from './cpu.ts'
import { grown, logSizes } from './log-sizes.ts'
import { poisson } from './poisson.ts'
import { randomOf } from './random.ts'

/** Events at a rate before those that are timed. */
const SETTLE_S = 3
/** Without a new list for so long the side is taken for stuck. */
const STUCK_AFTER_MS = 180_000
const ARRIVE_WITHIN_MS = 30_000
const LOOK_EVERY_MS = 5

export interface Plan {
  readonly side: Side
  readonly setup: Setup
  readonly brokerPid: number
  readonly warm: number
  readonly events: number
  readonly rates: readonly number[]
  readonly seconds: number
  readonly seed: number
  readonly signal: AbortSignal
  progress(line: string): void
}

export interface Cost {
  readonly events: number
  readonly lists: number
  /** CPU seconds. */
  readonly app: number
  readonly broker: number
  /** Topic → bytes on the disk, the input apart. */
  readonly bytes: ReadonlyMap<string, number>
}
export interface Backlog extends Cost {
  readonly pairs: number
  readonly seconds: number
}
export interface AtRate extends Cost {
  readonly latenciesMs: readonly number[]
  /** Not seen within 30 s. */
  readonly missing: number
}
export interface SideRound {
  readonly backlog: Backlog
  readonly atRates: ReadonlyMap<number, AtRate>
}

/** @returns undefined when it was broken off. @throws where the lists are not those of the count */
export async function sideRound(plan: Plan): Promise<SideRound | undefined> {
  const parts = await openPairLog(plan.setup.env)
  let side: Children | undefined
  let probe: ListProbe | undefined
  try {
    probe = await ListProbe.open(parts)
    side = startSide(plan.side, plan.setup, parts)
    return await new Round(plan, parts, probe, side).run()
  } catch (error) {
    if (plan.signal.aborted) return undefined
    throw error
  } finally {
    await side?.stop()
    await probe?.close()
    await parts.log.close()
  }
}

class Round {
  readonly #plan: Plan
  readonly #parts: PairLog
  readonly #probe: ListProbe
  readonly #side: Children
  readonly #watch: CpuWatch
  readonly #input: string
  readonly #source: AsyncGenerator<Interaction>
  /** Taken from the source and not sent yet. */
  #ready: Interaction[] = []
  readonly #count = new PairCount()
  readonly #random: () => number

  constructor(plan: Plan, parts: PairLog, probe: ListProbe, side: Children) {
    this.#plan = plan
    this.#parts = parts
    this.#probe = probe
    this.#side = side
    this.#input = topicName(topics.interactions, parts.config.namespace)
    const { warm, events, rates, seconds } = plan
    const live = rates.reduce((sum, rate) => sum + atMost(rate * SETTLE_S) + atMost(rate * seconds), 0)
    this.#source = films(warm + events + live)
    this.#random = randomOf(plan.seed)
    const pids = { app: side.pids, broker: [plan.brokerPid] }
    this.#watch = new CpuWatch(new Map(Object.entries(pids)))
  }

  async run(): Promise<SideRound> {
    const { warm, events, rates } = this.#plan
    await this.#backlog('warming up', warm)
    const backlog = await this.#backlog('backlog', events)
    const atRates = new Map<number, AtRate>()
    for (const rate of rates) atRates.set(rate, await this.#atRate(rate))
    this.#verify()
    return { backlog, atRates }
  }

  /** Everything at once: the events lie in one transaction, whose end shows them to readers. */
  async #backlog(what: string, size: number): Promise<Backlog> {
    const { config, log } = this.#parts
    const before = this.#count.pairs
    await this.#take(size)
    const records = this.#ready.map(event => this.#probe.recordOf(event))
    for (const event of this.#ready) this.#counted(event)
    this.#ready = []
    this.#say(`${what}: ${size} events are written`)
    const writer = await log.transactor(`${config.namespace}.backlog`)
    await writer.commit(records)
    const startedMs = performance.now()
    const spent = this.#measure()
    await this.#caughtUp(what)
    const seconds = (performance.now() - startedMs) / 1_000
    const pairs = this.#count.pairs - before
    await writer.close()
    return { events: size, pairs, seconds, ...spent() }
  }

  async #atRate(rate: number): Promise<AtRate> {
    const what = `${rate} events/s`
    await this.#send(what, rate, SETTLE_S, false)
    const spent = this.#measure()
    const events = await this.#send(what, rate, this.#plan.seconds, true)
    await this.#caughtUp(what, ARRIVE_WITHIN_MS)
    const timed = this.#probe.takeLatencies()
    await this.#caughtUp(what)
    return { events, ...timed, ...spent() }
  }

  async #send(what: string, perSecond: number, seconds: number, isTimed: boolean): Promise<number> {
    const { signal } = this.#plan
    await this.#take(atMost(perSecond * seconds))
    const next = this.#ready.values()
    this.#say(what)
    const count = await poisson({ perSecond, seconds, random: this.#random, signal }, () => {
      const event = next.next().value
      if (!event) throw new Error(`more than ${this.#ready.length} events fell due`)
      this.#probe.send(event, this.#counted(event) > 0 && isTimed)
    })
    this.#ready = this.#ready.slice(count)
    this.#check()
    return count
  }

  /** @returns how many items the event's item goes with now */
  #counted({ userId, itemId }: Interaction): number {
    return this.#count.add(userId ?? '', itemId ?? '')
  }

  async #take(count: number): Promise<void> {
    while (this.#ready.length < count) this.#ready.push((await this.#source.next()).value)
  }

  /** Until the lists hold every pair, or `withinMs` have passed. @throws where nothing comes any more */
  async #caughtUp(what: string, withinMs = Number.POSITIVE_INFINITY): Promise<void> {
    const untilMs = performance.now() + withinMs
    for (let [seen, seenMs] = [-1, 0]; performance.now() < untilMs; ) {
      this.#check()
      const { pairs, isAcknowledged } = this.#probe
      if (isAcknowledged && pairs === this.#count.pairs) return
      if (pairs > this.#count.pairs) throw new Error(`${pairs} pairs in the lists, ${this.#count.pairs} were sent`)
      if (pairs !== seen) [seen, seenMs] = [pairs, performance.now()]
      else if (performance.now() - seenMs > STUCK_AFTER_MS)
        throw new Error(
          `${what}: ${pairs} of ${this.#count.pairs} pairs, and none came for ${STUCK_AFTER_MS / 1_000} s`,
        )
      this.#say(`${what}: ${pairs} of ${this.#count.pairs} pairs`)
      await wait(LOOK_EVERY_MS)
    }
  }

  /** @returns what was used since */
  #measure(): () => Omit<Cost, 'events'> {
    const sizes = this.#sizes()
    const lists = this.#probe.lists
    this.#watch.look()
    return () => {
      const used = this.#watch.look()
      return {
        app: used.get('app')?.seconds ?? Number.NaN,
        broker: used.get('broker')?.seconds ?? Number.NaN,
        lists: this.#probe.lists - lists,
        bytes: grown(sizes, this.#sizes()),
      }
    }
  }

  #sizes(): Map<string, number> {
    const sizes = logSizes(this.#plan.brokerPid)
    sizes.delete(this.#input)
    return sizes
  }

  #verify(): void {
    const wrong = this.#count.differences(this.#probe.lastLists())
    if (wrong.length === 0) return
    const some = wrong.slice(0, 5).join('\n')
    throw new Error(`${SIDES[this.#plan.side]}: ${wrong.length} lists differ from the brute-force count:\n${some}`)
  }

  #check(): void {
    this.#plan.signal.throwIfAborted()
    this.#side.check()
    this.#probe.check()
  }

  #say(line: string): void {
    this.#plan.progress(`${SIDES[this.#plan.side]}, ${line}`)
  }
}

/** More than ever come, of as many on average. */
const atMost = (mean: number): number => Math.ceil(mean + 10 * Math.sqrt(mean) + 10)
