/**
 * A consumer group of the simulated log. Rebalancing is eager, as with Kafka: every member stops fetching, the group
 * waits until the handlers under way have returned, then all get their partitions anew. A member that died is waited
 * for until its session runs out; one that was expelled keeps what it had, as a zombie, until its next fetch.
 */
import type { TopicPartition } from './log-port.ts'

export interface Member {
  readonly topics: readonly string[]
  readonly assignment: 'copartition' | 'single'
  readonly isQuiet: boolean
  /** The process behind it is gone. */
  readonly isDead: boolean
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
  #members: Member[] = []
  #owners = new Map<number, Member>()
  #isRebalancing = false
  generation = 0
  /** `topic/partition` → what was committed. */
  readonly committed = new Map<string, number>()

  constructor(partitionsOf: (topic: string) => number) {
    this.#partitionsOf = partitionsOf
  }

  get hasWork(): boolean {
    return this.#isRebalancing && this.#members.length > 0 && !this.#members.some(member => member.isDead)
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

  /** The dead are forgotten; the living share what they had. */
  expire(): void {
    if (!this.#members.some(member => member.isDead)) return
    this.#members = this.#members.filter(member => !member.isDead)
    this.#rebalance()
  }

  /** Call when a member's handlers have returned. */
  advance(): void {
    if (!this.#isRebalancing || this.#members.some(member => member.isDead || !member.isQuiet)) return
    this.#isRebalancing = false
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
    this.#isRebalancing = true
    for (const member of this.#members) member.hold()
    this.advance()
  }
}
