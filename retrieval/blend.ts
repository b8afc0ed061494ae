/**
 * A calibrated linear blend. Each source's score is mapped to 0..1 by score / (score + halfScore), and a candidate's score
 * is the sum of these, weighted by how well the visitor is known; the weights of a rung add up to 1. An item found by
 * several sources is one candidate with all its reasons. Each source may bring its equal share of `limit` candidates, but no
 * more than a list holds, and of those stored it keeps at least QUOTA where it found as many, so that no source starves
 * before a later ranking.
 */
import type { Ask } from './ask.ts'
import { Best } from './best.ts'
import { type Admission, CandidateSet, MAX_BECAUSE } from './candidate-set.ts'
import { diversify } from './diversity.ts'
import type { Rung } from './rung.ts'
import type { Source, Tables } from './source.ts'
import { sources } from './sources.ts'
import { content } from './sources/content.ts'
import { taste } from './sources/taste.ts'

/** Named in every list; raised with any weight below. */
export const BLEND_MODEL = 'blend-1'
const QUOTA = 5

type Weights = Readonly<Record<(typeof sources)[number]['name'], number>>
/** By rung and source name; each row adds up to 1. */
export const blendWeights: Readonly<Record<Rung, Weights>> = {
  cold: { 'co-occurrence': 0, sequence: 0, taste: 0, content: 0.3, trending: 0.25, popular: 0.45 },
  session: { 'co-occurrence': 0.35, sequence: 0.2, taste: 0.05, content: 0.15, trending: 0.1, popular: 0.15 },
  hybrid: { 'co-occurrence': 0.4, sequence: 0.2, taste: 0.15, content: 0.1, trending: 0.05, popular: 0.1 },
  full: { 'co-occurrence': 0.4, sequence: 0.15, taste: 0.25, content: 0.1, trending: 0.05, popular: 0.05 },
}

export interface BlendOptions {
  /** Names of the sources to ask. */
  readonly sources: readonly string[]
  /** Candidates of all sources together, ≥ 1. */
  readonly limit: number
  /** Candidates returned at most, 1..limit. */
  readonly stored: number
}

export class Blend {
  /** Item numbers of the last {@link run}, best first. */
  readonly items: Int32Array
  /** Slots of `items` in `found`. */
  readonly slots: Int32Array
  count = 0
  /** Scores and reasons by slot. */
  readonly found: CandidateSet
  /** Bit set of sources, by slot. */
  readonly bits: Uint8Array
  /** Number of the source that gave most, by slot. */
  readonly mainSource: Uint8Array
  readonly #mainPart: Float32Array
  /** 1 by slot for those in `slots`. */
  readonly #isPlaced: Uint8Array
  readonly #options: BlendOptions
  readonly #weights: Readonly<Record<Rung, readonly number[]>>
  readonly #tables: Tables
  readonly #gathered: CandidateSet
  readonly #best = new Best()

  constructor(tables: Tables, admission: Admission, options: BlendOptions) {
    this.#tables = tables
    this.#options = options
    this.#weights = {
      cold: weightsOf('cold', options.sources),
      session: weightsOf('session', options.sources),
      hybrid: weightsOf('hybrid', options.sources),
      full: weightsOf('full', options.sources),
    }
    this.found = new CandidateSet(admission)
    this.#gathered = new CandidateSet(admission)
    const { limit, stored } = options
    this.bits = new Uint8Array(limit)
    this.mainSource = new Uint8Array(limit)
    this.#mainPart = new Float32Array(limit)
    this.#isPlaced = new Uint8Array(limit)
    this.items = new Int32Array(stored)
    this.slots = new Int32Array(stored)
  }

  /** Fills `items` and what belongs to them; no item twice, none that may not be shown. */
  run(ask: Ask, rung: Rung): void {
    const weights = this.#weights[rung]
    const asked = weights.filter(weight => weight > 0).length
    this.found.clear()
    const { limit, stored } = this.#options
    const share = Math.min(Math.floor(limit / Math.max(asked, 1)), stored)
    this.#tables.nearest.find(ask, weights[TASTE] ? share : 0, weights[CONTENT] ? share : 0)
    for (let s = 0; s < sources.length; s++) {
      const weight = weights[s] as number
      if (weight > 0) this.#ask(ask, s, weight, share)
    }
    this.#select()
    this.#keepQuotas(weights)
    diversify(this.items, this.slots, this.count, this.#tables.items)
  }

  #ask(ask: Ask, number: number, weight: number, share: number): void {
    const source = sources[number] as Source
    const gathered = this.#gathered
    gathered.clear()
    source.collect(ask, this.#tables, gathered)
    const best = this.#best
    best.choose(gathered, share)
    for (let i = 0; i < best.count; i++) this.#blendIn(best.places[i] as number, number, source.halfScore, weight)
  }

  /** Adds what a source says of one candidate. */
  #blendIn(gatheredSlot: number, source: number, halfScore: number, weight: number): void {
    const { found } = this
    const gathered = this.#gathered
    const item = gathered.items[gatheredSlot] as number
    const score = gathered.scores[gatheredSlot] as number
    const scale = weight / (score + halfScore)
    const part = score * scale
    let because = gatheredSlot * MAX_BECAUSE
    const end = because + MAX_BECAUSE
    let slot = found.slotOf(item)
    if (slot < 0) {
      slot = found.insert(item, part, -1)
      this.bits[slot] = 1 << source
      this.mainSource[slot] = source
      this.#mainPart[slot] = part
    } else {
      found.scores[slot] = (found.scores[slot] as number) + part
      this.bits[slot] = (this.bits[slot] as number) | (1 << source)
      if (part > (this.#mainPart[slot] as number)) {
        this.#mainPart[slot] = part
        this.mainSource[slot] = source
      }
    }
    for (; because < end; because++) {
      const from = gathered.because[because] as number
      if (from < 0) break
      found.credit(slot, from, (gathered.parts[because] as number) * scale)
    }
  }

  #select(): void {
    const { found } = this
    const best = this.#best
    best.choose(found, this.#options.stored)
    best.sort(found)
    this.count = best.count
    this.#isPlaced.fill(0, 0, found.count)
    for (let i = 0; i < best.count; i++) this.#place(i, best.places[i] as number)
  }

  #place(at: number, slot: number): void {
    this.slots[at] = slot
    this.#isPlaced[slot] = 1
    this.items[at] = this.found.items[slot] as number
  }

  /** Lets the best of a source that has too few take the place of the worst that no source needs. */
  #keepQuotas(weights: readonly number[]): void {
    if (this.found.count <= this.count) return
    const held = sources.map((_, source) => this.#countIn(source))
    for (let source = 0; source < sources.length; source++) {
      if (weights[source] === 0) continue
      while ((held[source] as number) < QUOTA) {
        const slot = this.#bestLeft(source)
        const at = slot < 0 ? -1 : this.#worstSpare(held)
        if (at < 0) break
        changeHeld(held, this.bits[this.slots[at] as number] as number, -1)
        changeHeld(held, this.bits[slot] as number, 1)
        this.#replace(at, slot)
      }
    }
  }

  #countIn(source: number): number {
    let count = 0
    for (let i = 0; i < this.count; i++) count += ((this.bits[this.slots[i] as number] as number) >> source) & 1
    return count
  }

  /** @returns the best slot of the source that has no place, −1 for none */
  #bestLeft(source: number): number {
    let best = -1
    for (let slot = 0; slot < this.found.count; slot++) {
      if ((((this.bits[slot] as number) >> source) & 1) === 0) continue
      if (best >= 0 && (this.found.scores[slot] as number) <= (this.found.scores[best] as number)) continue
      if (this.#isPlaced[slot] === 0) best = slot
    }
    return best
  }

  /** @returns the last place whose candidate no source needs for its quota, −1 for none */
  #worstSpare(held: readonly number[]): number {
    for (let at = this.count - 1; at >= 0; at--) {
      const bits = this.bits[this.slots[at] as number] as number
      if (held.every((count, source) => ((bits >> source) & 1) === 0 || count > QUOTA)) return at
    }
    return -1
  }

  /** Takes out the candidate at `at` and puts `slot` where its score belongs. */
  #replace(at: number, slot: number): void {
    this.#isPlaced[this.slots[at] as number] = 0
    const score = this.found.scores[slot] as number
    let to = at
    while (to > 0 && (this.found.scores[this.slots[to - 1] as number] as number) < score) {
      this.#place(to, this.slots[to - 1] as number)
      to--
    }
    while (to + 1 < this.count && (this.found.scores[this.slots[to + 1] as number] as number) >= score) {
      this.#place(to, this.slots[to + 1] as number)
      to++
    }
    this.#place(to, slot)
  }
}

const TASTE = sources.indexOf(taste)
const CONTENT = sources.indexOf(content)

/** @returns the weights of a rung by source number, those of the sources switched on adding up to 1 */
function weightsOf(rung: Rung, enabled: readonly string[]): number[] {
  const weights = sources.map(source => (enabled.includes(source.name) ? blendWeights[rung][source.name] : 0))
  const sum = weights.reduce((a, b) => a + b, 0)
  return weights.map(weight => (sum > 0 ? weight / sum : 0))
}

function changeHeld(held: number[], bits: number, by: number): void {
  for (let source = 0; source < held.length; source++) {
    if ((bits >> source) & 1) held[source] = (held[source] as number) + by
  }
}
