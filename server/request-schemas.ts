/** JSON schemas of requests and answers: they validate, they serialise, and /openapi.json shows them. */

const id = { type: 'string', minLength: 1 }
/** Looked at by checkId, which says what is wrong under INVALID_ID. */
const anyId = { type: 'string', description: '1 to 256 bytes of UTF-8' }
const ids = (maxItems: number, description: string) => ({ type: 'array', items: id, maxItems, description })

export const MAX_LIMIT = 200
export const DEFAULT_LIMIT = 20
const limit = { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT, description: 'items wanted' }
const price = { type: 'number', minimum: 0, description: 'in the shop currency, included' }

const filters = {
  category: { type: 'string', minLength: 1, description: 'only items of this category' },
  minPrice: price,
  maxPrice: price,
  exclude: ids(1_000, 'item ids to leave out; repeat the parameter for several'),
}
const explain = { type: 'boolean', default: false, description: 'name the item, and the items each one comes from' }
const object = (properties: Record<string, unknown>, required: string[] = []) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})

const visitor = {
  surface: {
    type: 'string',
    minLength: 1,
    maxLength: 64,
    description: 'home, item, cart, email or again; default home',
  },
  limit,
  ...filters,
  session: ids(20, 'items just viewed that may not have been sent as events, newest last'),
  device: { type: 'string', minLength: 1, maxLength: 64, description: 'desktop, mobile, …' },
  country: { type: 'string', minLength: 1, maxLength: 64, description: 'ISO 3166-1 alpha-2' },
  explain,
}
const cursor = { type: 'string', minLength: 1, maxLength: 1_000, description: 'from the answer before' }
export const visitorQuery = object({ ...visitor, cursor })
export const visitorQueryOfOnePage = object(visitor)
export const itemQuery = object({ limit, ...filters, explain })
export const segmentQuery = object({
  segment: {
    type: 'string',
    minLength: 1,
    maxLength: 300,
    default: 'all',
    description: 'all, category:…, country:…, device:…',
  },
  limit,
  ...filters,
  explain,
})
export const sessionBody = object(
  {
    items: { ...ids(100, 'items of the session, newest last'), minItems: 1 },
    limit,
    ...filters,
    device: { type: 'string', maxLength: 64 },
    country: { type: 'string', maxLength: 64 },
    explain,
  },
  ['items'],
)
export const cartBody = object(
  { items: { ...ids(100, 'items in the cart'), minItems: 1 }, limit, ...filters, explain },
  ['items'],
)
export const userParams = object({ userId: anyId }, ['userId'])
export const anonymousParams = object({ anonymousId: anyId }, ['anonymousId'])
export const itemParams = object({ itemId: anyId }, ['itemId'])

const strings = { type: 'array', items: { type: 'string' } }
export const answer = {
  description: 'Best first. Never blank unless the filters leave nothing; `degraded` says what it fell back from.',
  type: 'object',
  properties: {
    requestId: { type: 'string', description: 'send it back in events, so that what was shown joins what followed' },
    listId: { type: 'string' },
    becauseOf: { type: ['string', 'null'], description: 'the item this is about, where it is about one' },
    items: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          itemId: { type: 'string' },
          score: { type: 'number' },
          source: { type: 'string', description: 'the candidate source that gave most of the score' },
          reason: { type: 'string' },
          title: { type: 'string' },
          because: strings,
        },
        required: ['itemId', 'score', 'source', 'reason'],
      },
    },
    model: { type: 'string' },
    arms: { type: 'object', additionalProperties: { type: 'string' } },
    builtAt: { type: 'integer', description: 'ms since the epoch' },
    rung: { type: 'string', description: 'first rung of the ladder that had something' },
    degraded: strings,
    cursor: { type: 'string', description: 'for the next page, where there is one' },
  },
}
export const failure = {
  description: 'See docs/errors.md',
  type: 'object',
  properties: { code: { type: 'string' }, message: { type: 'string' } },
}
export const eventsAnswer = {
  description: '`accepted` events are in the log; the others have a code each.',
  type: 'object',
  properties: {
    accepted: { type: 'integer' },
    rejected: {
      type: 'array',
      items: {
        type: 'object',
        properties: { index: { type: 'integer' }, code: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
}
/** Answers of a route that reads. */
export const answers = { 200: answer, 400: failure }
