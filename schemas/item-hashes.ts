/**
 * A set of item ids as sorted 48-bit hashes, 6 bytes each: a visitor's thousand bought items in 6 kB, searched in place.
 * An id that is not in a set of 1,200 seems to be with probability 1,200 / 2^48, about 4 in 10^12; among 200 candidates a
 * wrong item is hidden once in 10^9 requests.
 */
const BYTES = 6

/** cyrb53 (bryc, public domain) over UTF-16 units, its low 48 bits. */
export function itemHash(id: string): number {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let i = 0; i < id.length; i++) {
    const unit = id.charCodeAt(i)
    a = Math.imul(a ^ unit, 2654435761)
    b = Math.imul(b ^ unit, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return (b & 0xffff) * 0x1_0000_0000 + (a >>> 0)
}

export function hashSet(ids: Iterable<string>): Buffer {
  const hashes = [...new Set(Array.from(ids, itemHash))].sort((a, b) => a - b)
  const bytes = Buffer.allocUnsafe(hashes.length * BYTES)
  hashes.forEach((hash, index) => {
    bytes.writeUIntBE(hash, index * BYTES, BYTES)
  })
  return bytes
}

/** @param hash - of itemHash */
export function hasHash(set: Buffer, hash: number): boolean {
  const high = Math.floor(hash / 0x1_0000)
  const low = hash & 0xffff
  let first = 0
  let last = set.length / BYTES - 1
  while (first <= last) {
    const middle = (first + last) >>> 1
    // By hand: readUIntBE took a quarter of a request.
    const at = middle * BYTES
    const order = wordAt(set, at) - high || (byteAt(set, at + 4) << 8) + byteAt(set, at + 5) - low
    if (order === 0) return true
    if (order < 0) first = middle + 1
    else last = middle - 1
  }
  return false
}

const byteAt = (bytes: Buffer, at: number): number => bytes[at] as number
const wordAt = (bytes: Buffer, at: number): number =>
  ((byteAt(bytes, at) << 24) | (byteAt(bytes, at + 1) << 16) | (byteAt(bytes, at + 2) << 8) | byteAt(bytes, at + 3)) >>>
  0
