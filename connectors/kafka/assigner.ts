import type { Assigner, PartitionAssigner } from 'kafkajs'
import { kafkajs } from './client.ts'

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol

export interface Member {
  readonly id: string
  /** The partitions it had before this rebalance, the longest held first: its state for them is warm. */
  readonly held: readonly number[]
}

/**
 * Deals partitions out so that partition p of every topic goes to the same member, since they are one task.
 * @param partitionCount - of the topic with the most
 * @returns member id → its partitions, ascending. Sizes differ by one at most, and within that a member keeps what it
 *   held; of two that claim a partition, the one with more to keep has it, then the lower id. Where it has to give some away, it gives
 *   what it was given last: so a member that comes back gets its own again, and a rolling restart moves every partition there and
 *   back, and none a third time.
 */
export function copartitioned(members: readonly Member[], partitionCount: number): Map<string, number[]> {
  const order = members.toSorted((a, b) => b.held.length - a.held.length || (a.id < b.id ? -1 : 1))
  const least = Math.floor(partitionCount / members.length)
  const larger = partitionCount % members.length // so many members have one more
  const quota = (index: number): number => least + (index < larger ? 1 : 0)

  const free = new Set(Array.from({ length: partitionCount }, (_, partition) => partition))
  const shares = order.map(({ held }, index) => {
    const kept = held.filter(partition => free.has(partition)).slice(0, quota(index))
    for (const partition of kept) free.delete(partition)
    return kept
  })
  for (const [index, share] of shares.entries()) {
    for (const partition of free) {
      if (share.length >= quota(index)) break
      share.push(partition)
      free.delete(partition)
    }
    share.sort((a, b) => a - b)
  }
  return new Map(order.map(({ id }, index) => [id, shares[index] ?? []]))
}

/** Everything to one member: to one that had something before, else to the lowest id. */
export function single(members: readonly Member[], partitionCount: number): Map<string, number[]> {
  const [owner] = members.toSorted((a, b) => b.held.length - a.held.length || (a.id < b.id ? -1 : 1))
  const all = Array.from({ length: partitionCount }, (_, partition) => partition)
  return new Map(members.map(({ id }) => [id, id === owner?.id ? all : []]))
}

const strategies = { copartition: copartitioned, single } as const

/** @returns a function that brings what is held into the order in which it was first seen held without a break */
export function longestHeldFirst(held: () => readonly number[]): () => readonly number[] {
  let known: readonly number[] = []
  return () => {
    const now = new Set(held())
    known = [...new Set([...known.filter(partition => now.has(partition)), ...now])]
    return known
  }
}

/**
 * kafkajs's form of a strategy. The leader of a group decides, on what every member says of itself in its user data
 * (JSON: the partitions it holds), which is asked anew at every join.
 */
export function assigner(strategy: keyof typeof strategies, held: () => readonly number[]): PartitionAssigner {
  const inOrder = longestHeldFirst(held)
  return ({ cluster }): Assigner => ({
    name: `freshet-${strategy}`,
    version: 1,
    protocol: ({ topics }) => ({
      name: `freshet-${strategy}`,
      metadata: MemberMetadata.encode({ version: 1, topics, userData: Buffer.from(JSON.stringify(inOrder())) }),
    }),
    assign: async ({ members, topics }) => {
      const counts = topics.map(topic => ({ topic, count: cluster.findTopicPartitionMetadata(topic).length }))
      const said = members.map(({ memberId, memberMetadata }) => ({ id: memberId, held: heldIn(memberMetadata) }))
      const shares = strategies[strategy](said, Math.max(...counts.map(({ count }) => count)))
      return Array.from(shares, ([memberId, partitions]) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({
          version: 1,
          assignment: Object.fromEntries(
            counts.map(({ topic, count }) => [topic, partitions.filter(partition => partition < count)]),
          ),
          userData: Buffer.alloc(0),
        }),
      }))
    },
  })
}

/** What another member says it holds; nothing where it cannot be read, since it only decides who keeps what. */
function heldIn(metadata: Buffer): number[] {
  const userData = MemberMetadata.decode(metadata)?.userData
  if (!userData?.length) return []
  try {
    const held: unknown = JSON.parse(userData.toString())
    return Array.isArray(held) ? [...new Set(held)].filter(Number.isSafeInteger) : []
  } catch {
    return [] // another client's format
  }
}
