/**
 * Recommendations for one request: user list → neighbours of the session's items → segment → global popularity held in
 * memory → the catalogue. Each rung is asked only while the answer is short. No rung throws, so no part that is down
 * makes an error; only the caller's own filters can make an answer empty.
 */
import { sourceName } from '../retrieval/sources.ts'
import { keys, type ValueKey } from '../schemas/keys.ts'
import { itemsOf } from '../schemas/list-items.ts'
import { packedCandidates, packedKnown, packedSession } from '../schemas/packed.ts'
import type { RankedList } from '../schemas/ranked-list.ts'
import type { ScoredItem } from '../schemas/related.ts'
import type { SessionTier } from '../schemas/session-tier.ts'
import { filter, turnsDown, type Wanted } from './filters.ts'
import type { ItemMirror } from './item-mirror.ts'
import { type Candidate, Ranking } from './ranking.ts'
import type { ViewReader } from './view-reader.ts'

export type Rung = 'list' | 'session' | 'segment' | 'popular' | 'catalogue' | 'none'

export interface Ask {
  /** Kind-tagged; undefined for a session nobody has told of. */
  readonly visitor?: string
  /** Items of the running session the caller knows of, newest last. */
  readonly session: readonly string[]
  readonly wanted: Wanted
  readonly surface?: string
  readonly device?: string
  readonly country?: string
  /** How many ranked items the answer needs. */
  readonly count: number
}

export interface Found {
  readonly ranked: readonly Candidate[]
  readonly rung: Rung
  readonly listId: string
  readonly model: string
  readonly builtAtMs: number
  readonly degraded: Set<string>
}

export interface Ladder {
  readonly reader: ViewReader
  readonly mirror: ItemMirror
  readonly now: () => number
}

/** A session older than this has nothing to say about the moment. */
const SESSION_TTL_MS = 3_600_000
/** Neighbours of so many of its items are asked for. */
const SESSION_ITEMS = 5
/** One item back in the session counts that much less. */
const STEP_BACK = 0.8
const CATALOGUE_SCAN = 10_000
const IMPRESSION = 'impression'

export async function climb(ask: Ask, { reader, mirror, now }: Ladder): Promise<Found> {
  const degraded = new Set<string>()
  const entry = ask.visitor === undefined ? {} : await reader.user(ask.visitor, degraded)
  const list = packedCandidates.unpack(entry.c)
  const tier = live(packedSession.unpack(entry.s), now())
  const touched = [...(tier?.recent.map(item => item.itemId) ?? []), ...(tier?.cart ?? []), ...ask.session]
  const interests = interestsOf(tier, ask.session)
  const keep = filter({
    wanted: ask.wanted,
    known: packedKnown.unpack(entry.k),
    recent: touched,
    session: tier?.recent,
    mirror,
    ...(ask.surface !== undefined && { surface: ask.surface }),
  })
  const ranking = new Ranking(keep, mirror, interests)
  const rungs: Rung[] = []
  const add = (name: Rung, candidates: Iterable<Candidate>) => {
    if (ranking.add(candidates) > 0) rungs.push(name)
  }
  const isShort = () => ranking.ranked.length < ask.count

  if (list) add('list', candidatesOf(list))
  if (ask.visitor !== undefined && isShort() && !degraded.has('redis')) degraded.add(list ? 'short-list' : 'no-list')
  if (isShort()) add('session', await neighbours(interests, keys.similar, 'co-occurrence', reader, degraded))
  for (const segment of segmentsOf(ask, tier)) {
    if (!isShort()) break
    const [items] = await reader.ranked(keys.popular, [segment], degraded)
    add('segment', scored(items ?? [], 'popular'))
  }
  if (isShort()) add('popular', scored(reader.popular, 'popular'))
  if (isShort()) add('catalogue', catalogue(mirror))
  const rung = rungs[0] ?? 'none'
  const about =
    rung === 'list' && list
      ? { listId: list.listId, model: list.model, builtAtMs: list.builtAtMs }
      : { listId: `fallback:${rung}`, model: 'ladder', builtAtMs: now() }
  return { ranked: ranking.ranked, rung, ...about, degraded }
}

/** Items of the session that the visitor may be after, oldest first. */
export const viewedIn = (tier: SessionTier | undefined): string[] =>
  tier?.recent.filter(({ type }) => type !== IMPRESSION && !turnsDown(type)).map(item => item.itemId) ?? []

/** What the session is about, newest first. */
function interestsOf(tier: SessionTier | undefined, session: readonly string[]): string[] {
  const viewed = viewedIn(tier)
  return [...new Set([...viewed, ...session].reverse())].slice(0, SESSION_ITEMS)
}

/**
 * Neighbours of several items, each weighed by how recent the item is.
 * @param itemIds - newest first
 * @param source - named in the answer
 */
export async function neighbours(
  itemIds: readonly string[],
  key: ValueKey,
  source: string,
  reader: ViewReader,
  degraded: Set<string>,
): Promise<Candidate[]> {
  const lists = await reader.ranked(key, itemIds, degraded)
  const sums = new Map<string, { itemId: string; score: number; source: string; because: string[] }>()
  for (const [back, items] of lists.entries()) {
    for (const { itemId, score } of items ?? []) {
      const sum = sums.get(itemId) ?? { itemId, score: 0, source, because: [] }
      sum.score += score * STEP_BACK ** back
      if (sum.because.length < 3) sum.because.push(itemIds[back] ?? '')
      sums.set(itemId, sum)
    }
  }
  return [...sums.values()]
}

export const scored = (items: readonly ScoredItem[], source: string): Candidate[] =>
  items.map(({ itemId, score }) => ({ itemId, score, source, because: [] }))

const candidatesOf = (list: RankedList): Candidate[] =>
  itemsOf(list).map(({ itemId, score, source, because }) => ({ itemId, score, source: sourceName(source), because }))

function segmentsOf(ask: Ask, tier: SessionTier | undefined): string[] {
  const device = ask.device ?? tier?.device
  const country = ask.country ?? tier?.country
  return [
    ...(ask.wanted.category === undefined ? [] : [`category:${ask.wanted.category}`]),
    ...(country ? [`country:${country}`] : []),
    ...(device ? [`device:${device}`] : []),
  ]
}

/** The last resort of a shop that nobody has visited yet. */
export function* catalogue(mirror: ItemMirror): Generator<Candidate> {
  let left = CATALOGUE_SCAN
  for (const { itemId } of mirror.items()) {
    if (left-- === 0) return
    yield { itemId, score: 0, source: 'catalogue', because: [] }
  }
}

const live = (tier: SessionTier | undefined, nowMs: number) =>
  tier && nowMs - tier.atMs < SESSION_TTL_MS ? tier : undefined
