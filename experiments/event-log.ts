/**
 * A log of events as an evaluation reads it: in columns, in order of time, with users, sessions and items numbered from 0 as they
 * first come. Items that only the catalogue knows have the numbers behind.
 */
import { createHash } from 'node:crypto'
import type { LeftOut } from '../connectors/data-set.ts'
import { defaultFolds } from '../processors/options.ts'
import { anonymousVisitor, userVisitor } from '../schemas/ids.ts'
import type { Interaction } from '../schemas/interaction.ts'
import type { Item } from '../schemas/item.ts'

export interface EventLog {
  readonly name: string
  /** SHA-256 over who, session, item, type and time of every event in order, hexadecimal. */
  readonly hash: string
  /** Kind-tagged visitors, by number. */
  readonly users: readonly string[]
  readonly sessions: readonly string[]
  readonly items: readonly string[]
  readonly interactions: readonly Interaction[]
  readonly user: Int32Array
  readonly session: Int32Array
  /** −1 for an impression of several items. */
  readonly item: Int32Array
  readonly atMs: Float64Array
  /** What the type weighs: above 0 for the item, below 0 against it, 0 for an impression. */
  readonly weight: Float64Array
  /** Where a given test span begins: the number of events before it. */
  readonly testFrom: number | undefined
  /** By item id. */
  readonly catalogue: ReadonlyMap<string, Item>
  readonly leftOut: LeftOut
}

export interface EventLogParts {
  readonly name: string
  /** In order of time. */
  readonly interactions: readonly Interaction[]
  readonly testFrom?: number
  readonly catalogue?: ReadonlyMap<string, Item>
  readonly leftOut?: LeftOut
  /** Type → weight. Default: those of the folds. */
  readonly weights?: Readonly<Record<string, number>>
  /** Silence after which a visitor without a session id begins a new session. Default: that of the folds. */
  readonly sessionGapMs?: number
}

/** @throws RangeError for an event without a visitor or of a type that has no weight */
export function eventLog(parts: EventLogParts): EventLog {
  const { name, interactions, testFrom, catalogue = new Map<string, Item>(), leftOut = new Map() } = parts
  const { weights = defaultFolds.weights, sessionGapMs = defaultFolds.sessionGapMs } = parts
  const users = new Numbers()
  const sessions = new Numbers()
  const items = new Numbers()
  const size = interactions.length
  const columns = {
    user: new Int32Array(size),
    session: new Int32Array(size),
    item: new Int32Array(size),
    atMs: new Float64Array(size),
    weight: new Float64Array(size),
  }
  const hash = createHash('sha256')
  const open = new Map<number, { name: string; lastMs: number }>()
  interactions.forEach((one, at) => {
    const visitor = visitorOf(one, at)
    const user = users.of(visitor)
    const before = open.get(user)
    const isGoingOn = before !== undefined && one.occurredAt - before.lastMs < sessionGapMs
    const session = one.sessionId ?? (isGoingOn ? before.name : String(at))
    open.set(user, { name: session, lastMs: one.occurredAt })
    const itemId = one.itemId ?? (one.items.length === 1 ? (one.items[0]?.itemId ?? null) : null)
    columns.user[at] = user
    columns.session[at] = sessions.of(`${visitor}/${session}`)
    columns.item[at] = itemId === null ? -1 : items.of(itemId)
    columns.atMs[at] = one.occurredAt
    columns.weight[at] = weightOf(one.type, weights, at)
    hash.update(`${visitor}\t${one.sessionId ?? ''}\t${itemId ?? ''}\t${one.type}\t${one.occurredAt}\n`)
  })
  for (const itemId of catalogue.keys()) items.of(itemId)
  return {
    name,
    hash: hash.digest('hex'),
    users: users.names,
    sessions: sessions.names,
    items: items.names,
    interactions,
    ...columns,
    testFrom,
    catalogue,
    leftOut,
  }
}

/** The log as it was when it had `events` events; what came later is in none of its numbers. */
export const headOf = (log: EventLog, events: number): EventLog =>
  eventLog({
    name: log.name,
    interactions: log.interactions.slice(0, events),
    catalogue: log.catalogue,
    leftOut: log.leftOut,
  })

class Numbers {
  readonly names: string[] = []
  readonly #numbers = new Map<string, number>()

  of(name: string): number {
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    this.#numbers.set(name, this.names.length)
    this.names.push(name)
    return this.names.length - 1
  }
}

function visitorOf({ userId, anonymousId }: Interaction, at: number): string {
  if (userId !== null && userId !== '') return userVisitor(userId)
  if (anonymousId !== null && anonymousId !== '') return anonymousVisitor(anonymousId)
  throw new RangeError(`event ${at + 1}: wanted a userId or an anonymousId, got neither`)
}

function weightOf(type: string, weights: Readonly<Record<string, number>>, at: number): number {
  const weight = Object.hasOwn(weights, type) ? weights[type] : undefined
  if (weight !== undefined) return weight
  throw new RangeError(`event ${at + 1}: wanted a type among ${Object.keys(weights).join(', ')}, got ${type}`)
}
