/** What a visitor should see next: by user, by anonymous visitor, or by nothing but the items of a session. */
import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { anonymousVisitor, userVisitor } from '../schemas/ids.ts'
import { keys } from '../schemas/keys.ts'
import { becauseOf } from '../schemas/list-items.ts'
import { packedCandidates, packedKnown, packedSession } from '../schemas/packed.ts'
import type { Services } from './services.ts'
import { checkId } from './failures.ts'
import { filter, type Wanted } from './filters.ts'
import { type Ask, climb, type Found, neighbours, viewedIn } from './ladder.ts'
import { readCursor, writeCursor } from './pages.ts'
import { type Candidate, Ranking } from './ranking.ts'
import { countAnswer, type Reply, replyItems } from './replies.ts'
import {
  anonymousParams,
  answers,
  sessionBody,
  userParams,
  visitorQuery,
  visitorQueryOfOnePage,
} from './request-schemas.ts'

interface Query extends Wanted {
  readonly surface?: string
  readonly limit: number
  readonly cursor?: string
  readonly session?: readonly string[]
  readonly device?: string
  readonly country?: string
  readonly explain: boolean
}
interface SessionBody extends Omit<Query, 'session' | 'cursor' | 'surface'> {
  readonly items: readonly string[]
}
const RECENT_TRIED = 5

export function visitorRoutes(app: FastifyInstance, services: Services): void {
  const { reader, mirror, metrics, pages, now } = services

  function reply(found: Found, query: Omit<Query, 'cursor'>): Reply {
    return page(found, query, randomUUID(), 0).reply
  }

  /** @returns with the place in the ranking after its last item; what was taken down since it was ranked is stepped over */
  function page(found: Found, query: Omit<Query, 'cursor'>, requestId: string, offset: number) {
    const items: Candidate[] = []
    let next = offset
    for (; next < found.ranked.length && items.length < query.limit; next++) {
      const one = found.ranked[next] as Candidate
      if (!mirror.isGone(one.itemId)) items.push(one)
    }
    countAnswer(metrics, found.rung, found.degraded)
    const reply: Reply = {
      requestId: offset === 0 ? requestId : randomUUID(),
      listId: found.listId,
      items: replyItems(items, mirror, query.explain),
      model: found.model,
      arms: {},
      builtAt: found.builtAtMs,
      rung: found.rung,
      degraded: [...found.degraded],
    }
    return { reply, next }
  }

  /** With a cursor where there is more. */
  function pagedReply(found: Found, query: Query, requestId: string, offset: number): Reply {
    const { reply, next } = page(found, query, requestId, offset)
    if (next >= found.ranked.length) return reply
    return { ...reply, cursor: writeCursor({ requestId, listId: found.listId, offset: next }) }
  }

  async function recommend(visitor: string, query: Query): Promise<Reply> {
    checkItems(query)
    const cursor = query.cursor === undefined ? undefined : readCursor(query.cursor)
    const held = cursor && pages.get(cursor, visitor, now())
    if (cursor && held) return pagedReply(held, query, cursor.requestId, cursor.offset)
    const offset = cursor?.offset ?? 0
    const found = await climb(askOf(visitor, query, offset + query.limit), services)
    if (cursor && found.listId !== cursor.listId) found.degraded.add('list-changed')
    const requestId = cursor?.requestId ?? randomUUID()
    if (found.ranked.length > offset + query.limit) pages.hold(requestId, visitor, found, now())
    return pagedReply(found, query, requestId, offset)
  }

  app.get<{ Params: { userId: string }; Querystring: Query }>(
    '/v1/users/:userId/recommendations',
    {
      schema: {
        summary: 'What a user should see next',
        params: userParams,
        querystring: visitorQuery,
        response: answers,
      },
    },
    request => recommend(userVisitor(checkId('userId', request.params.userId)), request.query),
  )
  app.get<{ Params: { anonymousId: string }; Querystring: Query }>(
    '/v1/visitors/:anonymousId/recommendations',
    {
      schema: {
        summary: 'What a visitor who has not logged in should see next',
        params: anonymousParams,
        querystring: visitorQuery,
        response: answers,
      },
    },
    request => recommend(anonymousVisitor(checkId('anonymousId', request.params.anonymousId)), request.query),
  )
  app.post<{ Body: SessionBody }>(
    '/v1/sessions/recommendations',
    { schema: { summary: 'What fits a session; no user needed', body: sessionBody, response: answers } },
    async request => {
      const { items, ...query } = request.body
      for (const itemId of [...items, ...(query.exclude ?? [])]) checkId('item id', itemId)
      const ask = { ...askOf(undefined, query, query.limit), session: items }
      return reply(await climb(ask, services), query)
    },
  )
  app.get<{ Params: { userId: string }; Querystring: Omit<Query, 'cursor'> }>(
    '/v1/users/:userId/because-you-viewed',
    {
      schema: {
        summary: 'Neighbours of the item the user viewed last',
        params: userParams,
        querystring: visitorQueryOfOnePage,
        response: answers,
      },
    },
    async request => {
      const visitor = userVisitor(checkId('userId', request.params.userId))
      return becauseYouViewed(visitor, request.query)
    },
  )

  async function becauseYouViewed(visitor: string, query: Omit<Query, 'cursor'>): Promise<Reply> {
    checkItems(query)
    const degraded = new Set<string>()
    const entry = await reader.user(visitor, degraded)
    const tier = packedSession.unpack(entry.s)
    const viewed = viewedIn(tier)
    const list = packedCandidates.unpack(entry.c)
    const liked = list ? becauseOf(list) : []
    const touched = [...(tier?.recent.map(item => item.itemId) ?? []), ...(query.session ?? [])]
    const subjects = [...new Set([...(query.session ?? []).toReversed(), ...viewed.toReversed(), ...liked])].slice(
      0,
      RECENT_TRIED,
    )
    const lists = await Promise.all(
      subjects.map(itemId => neighbours([itemId], keys.similar, 'co-occurrence', reader, degraded)),
    )
    for (const [index, candidates] of lists.entries()) {
      const known = packedKnown.unpack(entry.k)
      const surface = query.surface === undefined ? {} : { surface: query.surface }
      const keep = filter({ wanted: query, known, recent: touched, session: tier?.recent, mirror, ...surface })
      const ranking = new Ranking(keep, mirror, [])
      if (ranking.add(candidates) === 0) continue
      const about = { rung: 'session', listId: 'because', model: 'neighbours', builtAtMs: now(), degraded } as const
      const becauseOf = subjects[index] ?? null
      return { ...reply({ ranked: ranking.ranked, ...about }, query), becauseOf }
    }
    const found = await climb(askOf(visitor, query, query.limit), services)
    found.degraded.add('no-history')
    return { ...reply(found, query), becauseOf: null }
  }
}

function checkItems({ exclude = [], session = [] }: Pick<Query, 'exclude' | 'session'>) {
  for (const itemId of [...exclude, ...session]) checkId('item id', itemId)
}

function askOf(visitor: string | undefined, query: Omit<Query, 'cursor'>, count: number): Ask {
  const { category, minPrice, maxPrice, exclude, surface, device, country } = query
  return {
    ...(visitor !== undefined && { visitor }),
    session: query.session ?? [],
    wanted: {
      ...(category !== undefined && { category }),
      ...(minPrice !== undefined && { minPrice }),
      ...(maxPrice !== undefined && { maxPrice }),
      ...(exclude !== undefined && { exclude }),
    },
    ...(surface !== undefined && { surface }),
    ...(device !== undefined && { device }),
    ...(country !== undefined && { country }),
    count,
  }
}
