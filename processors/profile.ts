/**
 * Profile: what a visitor likes, has bought and was shown. Published in two halves: `hot/<visitor>` at once for every
 * interaction, `cold/<visitor>` when something has changed, at most every five seconds.
 *
 * - items: the last 200 distinct items with an interaction of weight other than 0, see `profile-items.ts`. strength is the greatest weight
 *   given while there, count the positive interactions, negative whether the interaction with the greatest event time (of
 *   equal ones the one that arrived last) was a negative one;
 * - bought: the last 1,000 items of purchases. An item among them keeps its place, and may enter again once it has left;
 * - shown: the last 100 items of impressions. Those of an impression that are among them before it keep their places, the others
 *   are added in order;
 * - positives: admitted interactions of positive weight, what the maturity rung is read from;
 * - country, device, language: of the last event to arrive that had one.
 */
import { type IdPage, idPage } from '../schemas/id-page.ts'
import type { Profile } from '../schemas/profile.ts'
import { type ProfileFacts, profileFacts } from '../schemas/profile-facts.ts'
import { type ProfilePage, profilePage } from '../schemas/profile-page.ts'
import { topics } from '../schemas/topics.ts'
import type { Admitted } from './admit.ts'
import { defineProcessor, type Origin, paged, single, type Step } from './define.ts'
import { PURCHASE } from './interaction-types.ts'
import type { FoldOptions } from './options.ts'
import { itemsByAge, touchItem } from './profile-items.ts'
import { appendAll, newestEntries, type RingShape } from './ring.ts'
import type { Session, Sessioned } from './session-features.ts'

const BOUGHT: RingShape = { limit: 1000, pageSize: 16 }
const SHOWN: RingShape = { limit: 100, pageSize: 16 }
const HOT_ITEMS = 20
const COLD_COALESCE_MS = 5000

type State = {
  readonly facts: ProfileFacts | undefined
  readonly items: readonly ProfilePage[]
  readonly bought: readonly IdPage[]
  readonly shown: readonly IdPage[]
}
const outputs = { profiles: topics.profiles }
type ProfileStep = Step<State, never, typeof outputs, 'tooOld'>

/** @param _folds - as every processor takes them; nothing of them changes a profile, weights come with the event */
export const profile = (_folds: FoldOptions) =>
  defineProcessor({
    name: 'profile',
    version: 1,
    class: 'D',
    input: 'session-features',
    store: {
      name: 'profile',
      parts: { facts: single(profileFacts), items: paged(profilePage), bought: paged(idPage), shown: paged(idPage) },
      bound: '200 items in 13 pages of 16, 1,000 bought in 64 pages of 16, 100 shown in 8 pages of 16',
    },
    outputs,
    tables: [{ topic: topics.profiles, coalesceMs: COLD_COALESCE_MS, records: coldRecords }],
    counters: { tooOld: 'interactions older than the 200 items a full profile holds' },
    key: ({ admitted }: Sessioned): string => admitted.visitor,
    step,
  })

function step(state: State, { admitted, session }: Sessioned): ProfileStep {
  const { type, weight, itemId, items, atMs } = admitted
  const facts = factsWith(state.facts, admitted)
  if (!session || itemId === null) {
    const shown = withIds(
      state.shown,
      items.map(one => one.itemId),
      SHOWN,
    )
    return { state: { ...state, facts, shown } }
  }
  const touched = weight === 0 ? state.items : touchItem(state.items, { itemId, atMs, weight })
  const bought = type === PURCHASE ? withIds(state.bought, [itemId], BOUGHT) : state.bought
  return {
    state: { facts, items: touched ?? state.items, bought, shown: state.shown },
    publish: { profiles: [hotRecord(facts, admitted, session)] },
    count: { tooOld: touched ? 0 : 1 },
  }
}

function factsWith(
  last: ProfileFacts | undefined,
  { atMs, weight, country, device, language }: Admitted,
): ProfileFacts {
  return {
    atMs: Math.max(atMs, last?.atMs ?? 0),
    positives: (last?.positives ?? 0) + (weight > 0 ? 1 : 0),
    country: country ?? last?.country ?? null,
    device: device ?? last?.device ?? null,
    language: language ?? last?.language ?? null,
  }
}

function withIds(pages: readonly IdPage[], ids: readonly string[], shape: RingShape): readonly IdPage[] {
  const known = new Set(newestEntries(pages, shape))
  return appendAll(
    pages,
    ids.filter(id => !known.has(id)),
    shape,
  ) as readonly IdPage[]
}

function hotRecord(
  facts: ProfileFacts,
  { visitor, origin, atMs }: Admitted,
  session: Session,
): { key: string; value: Profile } {
  const hot = {
    sessionStartedAtMs: session.startedAtMs,
    sessionEvents: session.events,
    recent: session.recent.slice(-HOT_ITEMS),
    cart: [...session.cart],
    positives: facts.positives,
    country: facts.country,
    device: facts.device,
    language: facts.language,
    query: session.query,
  }
  return { key: `hot/${visitor}`, value: { visitor, ...positionOf(origin), atMs, hot, cold: null } }
}

function coldRecords(
  visitor: string,
  { facts, items, bought, shown }: State,
  at: Origin,
): { key: string; value: Profile }[] {
  if (!facts) return []
  const cold = { items: itemsByAge(items), bought: newestEntries(bought, BOUGHT), shown: newestEntries(shown, SHOWN) }
  return [{ key: `cold/${visitor}`, value: { visitor, ...positionOf(at), atMs: facts.atMs, hot: null, cold } }]
}

const positionOf = ({ partition, offset, appendedAtMs }: Origin) => ({ partition, offset, appendedAtMs })
