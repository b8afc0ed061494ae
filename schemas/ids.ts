/**
 * Identifiers. An id is a string of 1 to 256 bytes of UTF-8. A visitor is a user or an anonymous device; inside Freshet it
 * is kind-tagged (`u:42`, `a:42`), so an anonymous id never reads or writes a user's state. The Kafka key is the raw id.
 */
declare const brand: unique symbol
export type UserId = string & { readonly [brand]: 'user' }
export type AnonymousId = string & { readonly [brand]: 'anonymous' }
export type ItemId = string & { readonly [brand]: 'item' }
/** Kind-tagged: `u:` and a user id, or `a:` and an anonymous id. */
export type Visitor = string & { readonly [brand]: 'visitor' }

export const MAX_ID_BYTES = 256

/** @returns what is wrong with an id in words ("wanted …, got …"), or undefined for a good one */
export function idProblem(value: unknown): string | undefined {
  if (typeof value !== 'string') return `wanted a string, got ${value === null ? 'null' : typeof value}`
  if (value === '') return 'wanted a non-empty string, got ""'
  const bytes = Buffer.byteLength(value)
  if (bytes > MAX_ID_BYTES) return `wanted at most ${MAX_ID_BYTES} bytes of UTF-8, got ${bytes}`
  if (!value.isWellFormed()) return 'wanted well-formed Unicode, got a lone surrogate'
  return undefined
}

export const userVisitor = (id: string): Visitor => `u:${id}` as Visitor
export const anonymousVisitor = (id: string): Visitor => `a:${id}` as Visitor
/** The id without its tag, which is the Kafka key. */
export const rawIdOf = (visitor: string): string => visitor.slice(2)
export const isUser = (visitor: string): boolean => visitor.startsWith('u:')

/**
 * The partition a key belongs to, as the Java client's default partitioner has it: murmur2, sign bit cleared, modulo.
 * Source: org.apache.kafka.common.utils.Utils.murmur2, seed 0x9747b28c.
 * @param key - raw id; hashed as UTF-8
 * @param partitions - ≥ 1
 */
export function partitionOf(key: string | Buffer, partitions: number): number {
  if (partitions === 1) return 0
  return (murmur2(typeof key === 'string' ? Buffer.from(key) : key) & 0x7fffffff) % partitions
}

/** @returns signed 32-bit hash */
export function murmur2(data: Buffer): number {
  const m = 0x5bd1e995
  const length = data.length
  let h = 0x9747b28c ^ length
  const end = length & ~3
  for (let i = 0; i < end; i += 4) {
    let k =
      (data[i] as number) |
      ((data[i + 1] as number) << 8) |
      ((data[i + 2] as number) << 16) |
      ((data[i + 3] as number) << 24)
    k = Math.imul(k, m)
    k ^= k >>> 24
    h = Math.imul(h, m) ^ Math.imul(k, m)
  }
  const left = length & 3
  if (left === 3) h ^= (data[end + 2] as number) << 16
  if (left >= 2) h ^= (data[end + 1] as number) << 8
  if (left >= 1) h = Math.imul(h ^ (data[end] as number), m)
  h ^= h >>> 13
  h = Math.imul(h, m)
  return h ^ (h >>> 15)
}
