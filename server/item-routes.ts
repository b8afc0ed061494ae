/** What goes with an item or a cart, and what is popular or trending in a segment. No visitor is needed. */
import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { keys, type ValueKey } from '../schemas/keys.ts'
import type { Services } from './services.ts'
import { checkId } from './failures.ts'
import { filter, type Wanted } from './filters.ts'
import { catalogue, neighbours, scored } from './ladder.ts'
import { type Candidate, Ranking } from './ranking.ts'
import { countAnswer, type Reply, replyItems } from './replies.ts'
import { answers, cartBody, itemParams, itemQuery, segmentQuery } from './request-schemas.ts'

interface Query extends Wanted {
  readonly limit: number
  readonly explain: boolean
}
/** A rung: its name, what `degraded` says when it had to be taken, and its candidates. */
interface Step {
  readonly rung: string
  readonly fallback?: string
  readonly candidates: () => Promise<Candidate[]>
}

export function itemRoutes(app: FastifyInstance, { reader, mirror, metrics, now }: Services): void {
  /** Takes the steps one after the other until there are enough items. */
  async function answer(query: Query, leaveOut: readonly string[], degraded: Set<string>, steps: readonly Step[]) {
    for (const itemId of query.exclude ?? []) checkId('item id', itemId)
    const ranking = new Ranking(filter({ wanted: query, recent: leaveOut, mirror }), mirror, [])
    let rung = 'none'
    for (const step of steps) {
      if (ranking.ranked.length >= query.limit) break
      if (step.fallback !== undefined) degraded.add(step.fallback)
      if (ranking.add(await step.candidates()) > 0 && rung === 'none') rung = step.rung
    }
    countAnswer(metrics, rung, degraded)
    return {
      requestId: randomUUID(),
      listId: `item:${rung}`,
      items: replyItems(ranking.ranked.slice(0, query.limit), mirror, query.explain),
      model: 'neighbours',
      arms: {},
      builtAt: now(),
      rung,
      degraded: [...degraded],
    } satisfies Reply
  }
  const lastResort: Step = { rung: 'catalogue', candidates: async () => [...catalogue(mirror)] }
  const popular = (degraded: Set<string>, segment: string | undefined): Step[] => [
    {
      rung: 'segment',
      fallback: 'few-neighbours',
      candidates: async () => {
        const [items] = segment === undefined ? [] : await reader.ranked(keys.popular, [segment], degraded)
        return scored(items ?? [], 'popular')
      },
    },
    { rung: 'popular', candidates: async () => scored(reader.popular, 'popular') },
    lastResort,
  ]
  const near = (itemIds: readonly string[], key: ValueKey, source: string, degraded: Set<string>) => () =>
    neighbours(itemIds, key, source, reader, degraded)
  const categoryOf = (itemId: string) => {
    const category = mirror.facts(itemId)?.categories[0]
    return category === undefined ? undefined : `category:${category}`
  }

  app.get<{ Params: { itemId: string }; Querystring: Query }>(
    '/v1/items/:itemId/similar',
    {
      schema: {
        summary: 'Items viewed by the same visitors',
        params: itemParams,
        querystring: itemQuery,
        response: answers,
      },
    },
    async request => {
      const itemId = checkId('itemId', request.params.itemId)
      const degraded = new Set<string>()
      const steps = [
        { rung: 'similar', candidates: near([itemId], keys.similar, 'co-occurrence', degraded) },
        ...popular(degraded, categoryOf(itemId)),
      ]
      return { ...(await answer(request.query, [itemId], degraded, steps)), becauseOf: itemId }
    },
  )
  app.get<{ Params: { itemId: string }; Querystring: Query }>(
    '/v1/items/:itemId/bought-together',
    { schema: { summary: 'Items of the same orders', params: itemParams, querystring: itemQuery, response: answers } },
    async request => {
      const itemId = checkId('itemId', request.params.itemId)
      return { ...(await boughtWith([itemId], request.query)), becauseOf: itemId }
    },
  )
  app.post<{ Body: Query & { items: string[] } }>(
    '/v1/carts/bought-together',
    { schema: { summary: 'What goes with a cart', body: cartBody, response: answers } },
    request => {
      const { items, ...query } = request.body
      for (const itemId of items) checkId('item id', itemId)
      return boughtWith(items, query)
    },
  )
  function boughtWith(items: readonly string[], query: Query): Promise<Reply> {
    const degraded = new Set<string>()
    const newestFirst = items.toReversed()
    return answer(query, items, degraded, [
      { rung: 'together', candidates: near(newestFirst, keys.together, 'together', degraded) },
      {
        rung: 'similar',
        fallback: 'few-orders',
        candidates: near(newestFirst, keys.similar, 'co-occurrence', degraded),
      },
      ...popular(degraded, categoryOf(newestFirst[0] ?? '')),
    ])
  }

  for (const kind of ['trending', 'popular'] as const) {
    app.get<{ Querystring: Query & { segment: string } }>(
      `/v1/${kind}`,
      { schema: { summary: `What is ${kind} in a segment`, querystring: segmentQuery, response: answers } },
      async request => {
        const { segment, ...query } = request.query
        const degraded = new Set<string>()
        const read = (id: string) => async () => {
          const [items] = await reader.ranked(keys[kind], [id], degraded)
          return scored(items ?? [], kind)
        }
        const all: Step = { rung: `${kind}-all`, fallback: 'segment', candidates: read('all') }
        const last: Step = {
          rung: 'popular',
          fallback: kind,
          candidates: async () => scored(reader.popular, 'popular'),
        }
        return answer(query, [], degraded, [
          { rung: kind, candidates: read(segment) },
          ...(segment === 'all' ? [] : [all]),
          ...(kind === 'popular' && segment === 'all' ? [{ rung: 'popular', candidates: last.candidates }] : [last]),
          lastResort,
        ])
      },
    )
  }
}
