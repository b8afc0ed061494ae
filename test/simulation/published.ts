/** V: a view commits a position only when all it made of the records before it is in the log. */
import type { Profile } from '../../schemas/profile.ts'
import type { RankedList } from '../../schemas/ranked-list.ts'
import { topics } from '../../schemas/topics.ts'
import type { LogRecord, TopicPartition } from '../../topology/log-port.ts'
import type { World } from './world.ts'

/** Relation of `neighbours.v1` → of `related.v1`. */
const RANKINGS: Readonly<Record<string, string>> = { 'viewed-with': 'similar', next: 'next', 'bought-with': 'together' }

/** Key of `neighbours.v1` → the key that is ranked from it. */
export function relatedKeyOf(key: string): string {
  const cut = key.indexOf('/')
  return `${RANKINGS[key.slice(0, cut)]}${key.slice(cut)}`
}

/**
 * Looks at the last record of each key alone: what it has replaced may never have been read.
 * @param offsets - about to be committed
 */
export function checkPositions(world: World, offsets: readonly (TopicPartition & { readonly offset: number })[]): void {
  for (const at of offsets) {
    const isMissing = missing[at.topic]
    if (!isMissing) continue
    for (const [key, record] of world.witness.table(at.topic)) {
      if (record.partition !== at.partition || record.offset >= at.offset) continue
      const what = isMissing(world, key, record)
      if (what)
        world.complain('V', `${at.topic}[${at.partition}] is committed up to ${at.offset}, ${what} of ${record.offset}`)
    }
  }
}

type Missing = (world: World, key: string, record: LogRecord) => string | undefined

/** Input topic of a view → what is not in the log of that which a record must have led to, in words. */
const missing: Readonly<Record<string, Missing>> = {
  [topics.neighbours.name](world, key, { timestampMs }) {
    const related = relatedKeyOf(key)
    const ranked = world.witness.table(topics.related.name).get(related)
    return (ranked?.timestampMs ?? 0) < timestampMs ? `and ${related} knows nothing` : undefined
  },
  [topics.popularity.name](world, _key, { timestampMs }) {
    const popular = world.witness.table(topics.trending.name).get('popular/all')
    return (popular?.timestampMs ?? 0) < timestampMs ? 'and popular/all knows nothing' : undefined
  },
  [topics.profiles.name](world, key, { value }) {
    if (!key.startsWith('hot/') || value === null) return undefined
    const { offset } = world.wire.decode<Profile>(topics.profiles, value)
    const visitor = key.slice(key.indexOf('/') + 1)
    const isKnown = world.witness
      .records(topics.lists.name)
      .some(list => list.value && list.key?.toString() === visitor && knows(world, list.value) >= offset)
    return isKnown ? undefined : `and no list of ${visitor} knows anything`
  },
}

const knows = (world: World, list: Buffer) => world.wire.decode<RankedList>(topics.lists, list).offset
