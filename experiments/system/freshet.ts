/**
 * Freshet as it ships, as a method under test: events go into `interactions.v1` of the whole graph on the simulated log, and a list
 * is what the server's own code reads from the view and filters.
 *
 * Between a question and what was learned before it, the clock goes on to the time of the question, in steps, so that tables which
 * are written after a second or ten are written as they would be; nothing is learned sooner than in a deployment. Events that no
 * question separates are published in batches.
 */
import { sources } from '../../retrieval/sources.ts'
import { itemsOf } from '../../schemas/list-items.ts'
import { keys } from '../../schemas/keys.ts'
import { packedCandidates } from '../../schemas/packed.ts'
import type { Interaction } from '../../schemas/interaction.ts'
import { climb } from '../../server/ladder.ts'
import { filter } from '../../server/filters.ts'
import { ItemMirror } from '../../server/item-mirror.ts'
import { catalogue, neighbours, scored } from '../../server/ladder.ts'
import { type Candidate, Ranking } from '../../server/ranking.ts'
import { ViewReader } from '../../server/view-reader.ts'
import type { EventLog } from '../event-log.ts'
import type { Method } from '../method.ts'
import type { NumberedEvent } from '../protocols/step.ts'
import type { Query } from '../recommender.ts'
import { Graph, type GraphOptions } from './graph.ts'

/** Events published together while no question lies between them. */
const BATCH = 2_000
/** After these times one thing after the other has been written, read and ranked: lists, popularity, item facts, pairs, their ranking. */
const STEPS_MS = [150, 1_200, 5_500, 10_500, 13_000]
/** The server looks for news of items and of what is popular as often. */
const REFRESH_MS = 1_000
const LADDER = 'popular, without a list'
/** Reads under way at once; there is one. */
const MAX_IN_FLIGHT = 256

export interface FreshetOptions extends Omit<GraphOptions, 'startMs'> {
  readonly name?: string
  /** What is asked: the visitor's list, or what goes with a cart. */
  readonly asks: 'list' | 'cart'
  /** Where it is shown: `again` leaves in what was seen and bought. */
  readonly surface: 'home' | 'again'
}

export async function freshet(log: EventLog, options: FreshetOptions): Promise<Method> {
  const startMs = Math.min(log.atMs[0] ?? 0, log.atMs[log.testFrom ?? 0] ?? Number.POSITIVE_INFINITY)
  const graph = await Graph.open({ ...options, startMs })
  await graph.publishItems(log.catalogue)
  await graph.settle()
  return new Freshet(log, graph, options)
}

class Freshet implements Method {
  readonly name: string
  readonly about = 'the whole graph and the server’s own ladder, as shipped'
  readonly #log: EventLog
  readonly #graph: Graph
  readonly #options: FreshetOptions
  readonly #reader: ViewReader
  readonly #mirror: ItemMirror
  readonly #numbers: ReadonlyMap<string, number>
  #waiting: Interaction[] = []
  #publishedMs = 0
  #refreshedMs = Number.NEGATIVE_INFINITY
  #last: ReadonlyMap<string, ReadonlySet<number>> = new Map()

  constructor(log: EventLog, graph: Graph, options: FreshetOptions) {
    this.name = options.name ?? 'freshet'
    this.#log = log
    this.#graph = graph
    this.#options = options
    this.#reader = new ViewReader(graph.view, MAX_IN_FLIGHT)
    this.#mirror = new ItemMirror(graph.view)
    this.#numbers = new Map(log.items.map((itemId, number) => [itemId, number]))
  }

  async learn(event: NumberedEvent): Promise<void> {
    this.#waiting.push(this.#log.interactions[event.number] as Interaction)
    if (this.#waiting.length >= BATCH) await this.#publish()
  }

  observe(event: NumberedEvent): Promise<void> {
    return this.learn(event)
  }

  async freeze(): Promise<void> {
    await this.#publish()
    await this.#rest(Number.POSITIVE_INFINITY)
    this.#graph.freeze()
  }

  async recommend(query: Query, k: number): Promise<number[]> {
    await this.#publish()
    await this.#rest(query.atMs)
    const visitor = this.#log.users[query.user]
    if (visitor !== undefined && this.#options.asks === 'list') await this.#graph.sweepFor(visitor)
    await this.#refresh()
    const ranked =
      this.#options.asks === 'cart' ? await this.#withCart(query, k) : await this.#listOf(visitor, query, k)
    return this.#kept(ranked, query, k)
  }

  candidates(): ReadonlyMap<string, ReadonlySet<number>> {
    return this.#last
  }

  close(): Promise<void> {
    return this.#graph.close()
  }

  /** As `GET /v1/users/{userId}/recommendations`. */
  async #listOf(visitor: string | undefined, query: Query, k: number): Promise<readonly Candidate[]> {
    const current = query.recent.at(-1)
    const exclude =
      current !== undefined && query.isExcluded(current) ? [this.#log.items[current] as string] : undefined
    this.#last = await this.#sourcesOf(visitor)
    const { ranked } = await climb(
      {
        ...(visitor !== undefined && { visitor }),
        session: [],
        wanted: exclude ? { exclude } : {},
        surface: this.#options.surface,
        count: k,
      },
      { reader: this.#reader, mirror: this.#mirror, now: () => this.#graph.clock.now() },
    )
    return ranked
  }

  /** As `POST /v1/carts/bought-together`. */
  async #withCart(query: Query, k: number): Promise<readonly Candidate[]> {
    const cart = query.recent.map(item => this.#log.items[item] as string)
    const degraded = new Set<string>()
    const newestFirst = cart.toReversed()
    const ranking = new Ranking(filter({ wanted: {}, recent: cart, mirror: this.#mirror }), this.#mirror, [])
    const steps: (() => Promise<Iterable<Candidate>>)[] = [
      () => neighbours(newestFirst, keys.together, 'together', this.#reader, degraded),
      () => neighbours(newestFirst, keys.similar, 'co-occurrence', this.#reader, degraded),
      async () => scored(this.#reader.popular, 'popular'),
      async () => catalogue(this.#mirror),
    ]
    for (const step of steps) if (ranking.ranked.length < k) ranking.add(await step())
    return ranking.ranked
  }

  #kept(ranked: readonly Candidate[], query: Query, k: number): number[] {
    const list: number[] = []
    for (const { itemId } of ranked) {
      const item = this.#numbers.get(itemId)
      if (item !== undefined && !query.isExcluded(item)) list.push(item)
      if (list.length === k) break
    }
    return list
  }

  /** The candidates stored with the list, by the sources that brought them in; without a list what stands in for one. */
  async #sourcesOf(visitor: string | undefined): Promise<ReadonlyMap<string, ReadonlySet<number>>> {
    const found = new Map<string, Set<number>>([...sources.map(source => source.name), LADDER].map(n => [n, new Set()]))
    const entry = visitor === undefined ? {} : await this.#graph.view.readUser(visitor)
    const list = packedCandidates.unpack(entry.c)
    if (!list) for (const { itemId } of this.#reader.popular) found.get(LADDER)?.add(this.#numbers.get(itemId) ?? -1)
    for (const { itemId, sources: bits } of list ? itemsOf(list) : []) {
      const item = this.#numbers.get(itemId)
      if (item === undefined) continue
      sources.forEach((source, number) => {
        if ((bits >> number) & 1) found.get(source.name)?.add(item)
      })
    }
    return found
  }

  async #publish(): Promise<void> {
    if (this.#waiting.length === 0) return
    const batch = this.#waiting
    this.#waiting = []
    const lastMs = batch.at(-1)?.occurredAt ?? 0
    await this.#graph.moveTo(lastMs)
    await this.#graph.publish(batch)
    await this.#graph.settle()
    this.#publishedMs = this.#graph.clock.now()
  }

  /** Lets the time until the question pass. */
  async #rest(untilMs: number): Promise<void> {
    for (const step of STEPS_MS) {
      const atMs = this.#publishedMs + step
      if (atMs > untilMs || atMs <= this.#graph.clock.now()) continue
      await this.#graph.moveTo(atMs)
    }
    if (untilMs !== Number.POSITIVE_INFINITY) await this.#graph.moveTo(untilMs)
  }

  async #refresh(): Promise<void> {
    const nowMs = this.#graph.clock.now()
    if (nowMs - this.#refreshedMs < REFRESH_MS) return
    this.#refreshedMs = nowMs
    await this.#reader.refreshPopular()
    await this.#mirror.refresh()
  }
}
