/**
 * Every Redis key: a public contract (docs/redis.md). The namespace is the prefix, and of the ids in a key only the first
 * is braced, so that it is the hash tag of a cluster: `freshet:rec:{u42}`, `freshet:rec:{u42}:home`. In ids `{ } %` and
 * control characters are percent-encoded by UTF-8 byte. A public value is JSON that starts with its version,
 * `{"v":[generation,offset],…}`; a deleted one is `{"v":[generation,offset],"deleted":true}` for a day.
 */
import { isUser, rawIdOf } from './ids.ts'

const HOUR_S = 3600
const DAY_S = 24 * HOUR_S

/** How long a deletion is remembered, seconds: no writer is that late. */
export const TOMBSTONE_TTL_SECONDS = DAY_S
/** No list is older than this, seconds: what was taken down before is in none. */
export const MAX_LIST_AGE_SECONDS = 7 * DAY_S

export type Holds = 'json' | 'hash' | 'set' | 'sorted set' | 'string'

export interface RedisKey {
  /** Between the namespace and the id: `rec`, `rec:anon`. */
  readonly name: string
  readonly holds: Holds
  /** null belongs to a bounded set of keys that never expire. */
  readonly ttlSeconds: number | null
  readonly isPublic: boolean
  /** What is in it, in words. */
  readonly doc: string
  /**
   * @param id - any string but the empty one; left out for a key without id
   * @param suffix - a second id, after the brace: a surface, a partition
   */
  of(namespace: string, id?: string, suffix?: string): string
  /** @returns the ids a key was made of; undefined where it is no such key */
  parse(namespace: string, key: string): { readonly id: string; readonly suffix?: string } | undefined
}

const UNSAFE = /[{}%\p{Cc}]/gu
const encode = (id: string) =>
  id.replace(UNSAFE, char => Buffer.from(char).toString('hex').toUpperCase().replace(/../g, '%$&'))
const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return undefined // a % that this module did not write
    throw error
  }
}

type Facts = Pick<RedisKey, 'holds' | 'ttlSeconds' | 'isPublic' | 'doc'>

/** A key with an id as its hash tag. */
export function redisKey(name: string, facts: Facts): RedisKey {
  return {
    name,
    ...facts,
    of(namespace, id = '', suffix) {
      if (id === '') throw new TypeError(`${name}: wanted a non-empty id, got ""`)
      const key = `${namespace}:${name}:{${encode(id)}}`
      return suffix === undefined ? key : `${key}:${encode(suffix)}`
    },
    parse(namespace, key) {
      const start = `${namespace}:${name}:{`
      const end = key.indexOf('}', start.length)
      if (!key.startsWith(start) || end <= start.length) return undefined
      const id = decode(key.slice(start.length, end))
      const rest = key.slice(end + 1)
      if (id === undefined || (rest !== '' && rest[0] !== ':')) return undefined
      const suffix = rest === '' ? undefined : decode(rest.slice(1))
      return suffix === undefined ? { id } : { id, suffix }
    },
  }
}

/** A key without an id, or with plain numbers and topic names behind it. */
function plainKey(name: string, facts: Facts): RedisKey {
  return {
    name,
    ...facts,
    of: (namespace, id, suffix) => [namespace, name, id, suffix].filter(part => part !== undefined).join(':'),
    parse(namespace, key) {
      const start = `${namespace}:${name}`
      if (key === start) return { id: '' }
      if (!key.startsWith(`${start}:`)) return undefined
      const [id = '', suffix] = key.slice(start.length + 1).split(':')
      return suffix === undefined ? { id } : { id, suffix }
    },
  }
}

const json = (doc: string, ttlSeconds: number): Facts => ({ holds: 'json', ttlSeconds, isPublic: true, doc })
const LIST =
  '{v, userId or anonymousId, listId, builtAt, asOf, model, items: [{itemId, score, source, reason}]}, up to 50'
const RELATED = '{v, asOfMs, items: [{itemId, score}]}, up to 50, best first'
const RANKED = '{v, asOfMs, items: [{itemId, score}]}, up to 200, best first'
const USER_FIELDS = 'c candidates, s session tier, k known items, each with its version: vc, vs, vk'

export const keys = {
  rec: redisKey('rec', json(LIST, MAX_LIST_AGE_SECONDS)),
  recAnonymous: redisKey('rec:anon', json(LIST, MAX_LIST_AGE_SECONDS)),
  similar: redisKey('similar', json(RELATED, 30 * DAY_S)),
  next: redisKey('next', json(RELATED, 30 * DAY_S)),
  together: redisKey('together', json(RELATED, 30 * DAY_S)),
  popular: redisKey('popular', json(RANKED, 30 * DAY_S)),
  trending: redisKey('trending', json(RANKED, 30 * DAY_S)),
  item: redisKey('item', { holds: 'hash', ttlSeconds: 90 * DAY_S, isPublic: true, doc: 'facts of an item, as text' }),
  gone: plainKey('gone', {
    holds: 'set',
    ttlSeconds: null,
    isPublic: true,
    doc: 'items taken down within the maximum list age',
  }),
  goneAt: plainKey('gone:at', { holds: 'sorted set', ttlSeconds: null, isPublic: false, doc: 'when, ms; for pruning' }),
  user: redisKey('u', { holds: 'hash', ttlSeconds: MAX_LIST_AGE_SECONDS, isPublic: false, doc: USER_FIELDS }),
  userAnonymous: redisKey('u:anon', {
    holds: 'hash',
    ttlSeconds: MAX_LIST_AGE_SECONDS,
    isPublic: false,
    doc: USER_FIELDS,
  }),
  itemPage: plainKey('items:p', {
    holds: 'hash',
    ttlSeconds: null,
    isPublic: false,
    doc: '1,024 dense rows of one partition: row → packed facts, v<row> → version; bounded by the dictionary',
  }),
  itemPages: plainKey('items:pages', { holds: 'hash', ttlSeconds: null, isPublic: false, doc: 'page → last change' }),
  itemsVersion: plainKey('items:version', {
    holds: 'string',
    ttlSeconds: null,
    isPublic: false,
    doc: 'changes whenever a page or the gone set does',
  }),
  pos: plainKey('pos', {
    holds: 'string',
    ttlSeconds: null,
    isPublic: false,
    doc: 'table:partition → generation.offset, how far the sink came; written after the values',
  }),
} as const

/** Keys whose value is one JSON text. */
export type ValueKey = typeof keys.rec

export const recKeyOf = (namespace: string, visitor: string): string =>
  (isUser(visitor) ? keys.rec : keys.recAnonymous).of(namespace, rawIdOf(visitor))
export const userKeyOf = (namespace: string, visitor: string): string =>
  (isUser(visitor) ? keys.user : keys.userAnonymous).of(namespace, rawIdOf(visitor))
