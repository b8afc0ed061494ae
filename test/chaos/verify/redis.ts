/** Redis at rest: the last value of every key of the published tables, with its version, and nothing else. */
import type { Redis } from 'ioredis'
import { isUser, rawIdOf } from '../../../schemas/ids.ts'
import type { ItemFeatures } from '../../../schemas/item-features.ts'
import { keys, recKeyOf, userKeyOf, type ValueKey } from '../../../schemas/keys.ts'
import { itemsOf } from '../../../schemas/list-items.ts'
import type { Profile } from '../../../schemas/profile.ts'
import type { RankedList } from '../../../schemas/ranked-list.ts'
import type { Related } from '../../../schemas/related.ts'
import { topicName, topics } from '../../../schemas/topics.ts'
import type { Trending } from '../../../schemas/trending.ts'
import { differences, textOf } from './rows.ts'
import { type Decoded, lastByKey, read, readDecoded, type Source } from './shop-log.ts'

const PUBLIC_ITEMS = 50
const VALUE_KEYS: Readonly<Record<string, ValueKey>> = {
  similar: keys.similar,
  next: keys.next,
  together: keys.together,
  popular: keys.popular,
  trending: keys.trending,
}
/** What has no record of a table behind it: positions, pages, what was taken down. */
const OF_THE_SINK = /^[^:]+:(pos:|items:|gone)/

/** Redis key (a hash: and its field) → what should stand there. */
type Wanted = Map<string, string>

export async function redisDifferences(source: Source, redis: Redis): Promise<string[]> {
  const generations = await generationsOf(source)
  const wanted: Wanted = new Map()
  const [lists, profiles, related, trending, features] = await Promise.all([
    readDecoded<RankedList>(source, topics.lists).then(lastByKey),
    readDecoded<Profile>(source, topics.profiles).then(lastByKey),
    readDecoded<Related>(source, topics.related).then(lastByKey),
    readDecoded<Trending>(source, topics.trending).then(lastByKey),
    readDecoded<ItemFeatures>(source, topics.itemFeatures).then(lastByKey),
  ])
  const generationOf = (topic: { readonly name: string }) =>
    generations.get(topicName(topic, source.namespace)) ?? 'unknown'
  wantLists(wanted, source.namespace, generationOf(topics.lists), lists)
  for (const [key, { offset }] of profiles) {
    const [half = '', visitor = ''] = split(key)
    const field = half === 'hot' ? 'vs' : 'vk'
    wanted.set(`${userKeyOf(source.namespace, visitor)} ${field}`, `${generationOf(topics.profiles)}.${offset}`)
  }
  for (const [topic, table] of [
    [topics.related, related],
    [topics.trending, trending],
  ] as const)
    for (const [key, { offset, value }] of table) {
      const [relation = '', id = ''] = split(key)
      const name = VALUE_KEYS[relation]?.of(source.namespace, id) ?? `no key for ${key}`
      const body = value ? { asOfMs: value.asOfMs, items: scoresOf(value.items) } : { deleted: true }
      wanted.set(name, textOf({ v: [Number(generationOf(topic)), offset], ...body }))
    }
  for (const [itemId, { offset, value }] of features) {
    const name = keys.item.of(source.namespace, itemId)
    wanted.set(`${name} v`, `${generationOf(topics.itemFeatures)}.${offset}`)
    wanted.set(`${name} counts`, textOf(value?.counts))
  }
  return differences('Redis', wanted, await gotFrom(redis, source.namespace, wanted))
}

function wantLists(
  wanted: Wanted,
  namespace: string,
  generation: string,
  lists: ReadonlyMap<string, Decoded<RankedList>>,
): void {
  for (const [visitor, { offset, value }] of lists) {
    wanted.set(`${userKeyOf(namespace, visitor)} vc`, `${generation}.${offset}`)
    wanted.set(
      recKeyOf(namespace, visitor),
      textOf({
        v: [Number(generation), offset],
        [isUser(visitor) ? 'userId' : 'anonymousId']: rawIdOf(visitor),
        listId: value?.listId,
        asOf: `${value?.partition}:${value?.offset}`,
        items: scoresOf(value ? itemsOf(value).slice(0, PUBLIC_ITEMS) : []),
      }),
    )
  }
}

/** @returns what stands there now, of texts only what is compared; and every key that nobody asked for */
async function gotFrom(redis: Redis, namespace: string, wanted: Wanted): Promise<Map<string, string>> {
  const got = new Map<string, string>()
  const names = [...wanted.keys()]
  const pipeline = redis.pipeline()
  for (const name of names) {
    const [key = '', field] = name.split(' ')
    if (field === undefined) pipeline.get(key)
    else pipeline.hget(key, field)
  }
  const replies = (await pipeline.exec()) ?? []
  for (const [index, name] of names.entries()) {
    const [error, value] = replies[index] ?? []
    if (error) got.set(name, error.message)
    else if (typeof value === 'string')
      got.set(name, name.endsWith(' counts') || value.startsWith('{"v"') ? compared(value) : value)
  }
  const known = new Set(names.map(name => name.split(' ')[0]))
  for await (const found of redis.scanStream({ match: `${namespace}:*`, count: 1_000 }))
    for (const key of found as string[])
      if (!known.has(key) && !OF_THE_SINK.test(key)) got.set(key, 'a key of no record')
  return got
}

function compared(text: string): string {
  const { builtAt: _, model: __, items, ...value } = JSON.parse(text) as { [field: string]: unknown; items?: unknown }
  if (!Array.isArray(items)) return textOf(value)
  return textOf({ ...value, items: scoresOf(items as Scored[]) })
}

interface Scored {
  readonly itemId: string
  readonly score: number
}
/** Four digits are public. */
const scoresOf = (items: readonly Scored[]) =>
  items.map(({ itemId, score }) => ({ itemId, score: Math.round(score * 10_000) / 10_000 }))

async function generationsOf(source: Source): Promise<Map<string, string>> {
  const records = await read(source, { name: 'incarnations.v1' })
  return new Map(records.map(({ key, value }) => [key?.toString() ?? '', value?.toString() ?? '']))
}

/** `half/id`: an id may hold slashes. */
const split = (key: string): [string, string] => [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1)]
