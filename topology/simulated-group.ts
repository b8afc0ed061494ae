/**
 * A consumer group of the simulated log. Rebalancing is eager, as with Kafka: every member stops fetching, the group
 * waits until the handlers under way have returned, then all get their partitions anew. A member that sends no heartbeat is
 * waited for until its session runs out, one whose handlers do not return until the rebalance does. Who was dropped
 * keeps what it had, as a zombie, until its next heartbeat.
 */
import type { TopicPartition } from './log-port.ts'

export interface Member {
  readonly topics: readonly string[]
  readonly assignment: 'copartition' | 'single'
  /** No handler runs. */
  readonly isQuiet: boolean
  /** When the last heartbeat came, where none comes any more. */
  readonly silentSinceMs: number | undefined
  hold(): void
  /** Takes over the partitions; the group does not wait for it. */
  assign(partitions: readonly TopicPartition[], generation: number): void
}

/**
 * Partition p of every topic goes to one member; who had it keeps it as long as nobody holds more than one above
 * another's share.
 * @param owners - partition → its owner before
 * @returns partition → owner
 */
export function spread<T>(members: readonly T[], partitions: number, owners: ReadonlyMap<number, T>): Map<number, T> {
  const counts = new Map(members.map(member => [member, 0]))
  const next = new Map<number, T>()
  let extra = partitions % Math.max(1, members.length)
  const share = Math.floor(partitions / Math.max(1, members.length))
  const give = (partition: number, member: T): boolean => {
    const count = counts.get(member)
    if (count === undefined || count > share || (count === share && extra === 0)) return false
    if (count === share) extra--
    counts.set(member, count + 1)
    next.set(partition, member)
    return true
  }
  const waiting: number[] = []
  for (let partition = 0; partition < partitions; partition++) {
    const owner = owners.get(partition)
    if (owner === undefined || !give(partition, owner)) waiting.push(partition)
  }
  for (const partition of waiting) members.some(member => give(partition, member))
  return next
}

export class SimulatedGroup {
  readonly #partitionsOf: (topic: string) => number
  readonly #now: () => number
  #members: Member[] = []
  #owners = new Map<number, Member>()
  /** When the rebalance under way began. */
  #rebalancingSinceMs: number | undefined
  generation = 0
  /** `topic/partition` → what was committed. */
  readonly committed = new Map<string, number>()

  constructor(partitionsOf: (topic: string) => number, now: () => number) {
    this.#partitionsOf = partitionsOf
    this.#now = now
  }

  get hasWork(): boolean {
    if (this.#rebalancingSinceMs === undefined || this.#members.length === 0) return false
    return !this.#members.some(member => member.silentSinceMs !== undefined)
  }

  has(member: Member): boolean {
    return this.#members.includes(member)
  }

  join(member: Member): void {
    if (!this.has(member)) this.#members.push(member)
    this.#rebalance()
  }

  leave(member: Member): void {
    if (!this.has(member)) return
    this.#members = this.#members.filter(one => one !== member)
    this.#rebalance()
  }

  /** Drops who has been silent for a session, or has held up a rebalance for too long. */
  expire(sessionMs: number, rebalanceMs: number): void {
    const nowMs = this.#now()
    const isLate = nowMs - (this.#rebalancingSinceMs ?? nowMs) >= rebalanceMs
    const staying = this.#members.filter(
      ({ silentSinceMs = nowMs, isQuiet }) => nowMs - silentSinceMs < sessionMs && (isQuiet || !isLate),
    )
    if (staying.length === this.#members.length) return
    this.#members = staying
    this.#rebalance()
  }

  /** Call when a member's handlers have returned. */
  advance(): void {
    if (this.#rebalancingSinceMs === undefined) return
    if (this.#members.some(member => member.silentSinceMs !== undefined || !member.isQuiet)) return
    this.#rebalancingSinceMs = undefined
    this.generation++
    const partitions = Math.max(0, ...this.#members.flatMap(member => member.topics.map(this.#partitionsOf)))
    this.#owners = this.#share(partitions)
    for (const member of this.#members) {
      const own = [...this.#owners].filter(([, owner]) => owner === member).map(([partition]) => partition)
      own.sort((a, b) => a - b)
      const assigned = member.topics.flatMap(topic =>
        own.filter(partition => partition < this.#partitionsOf(topic)).map(partition => ({ topic, partition })),
      )
      member.assign(assigned, this.generation)
    }
  }

  #share(partitions: number): Map<number, Member> {
    const first = this.#owners.get(0) ?? this.#members[0]
    const single = first && this.has(first) ? first : this.#members[0]
    if (single?.assignment !== 'single') return spread(this.#members, partitions, this.#owners)
    return new Map(Array.from({ length: partitions }, (_, partition) => [partition, single]))
  }

  #rebalance(): void {
    this.#rebalancingSinceMs ??= this.#now()
    for (const member of this.#members) member.hold()
    this.advance()
  }
}
