/**
 * Hashes of ids for bounded memories of what was seen. Not for security: whoever forges a collision only gets an event of
 * their own refused.
 */
const ITEM_HASHES = 2 ** 41 // six bytes as an Avro long
const ACTION_HASHES = 2 ** 27 // four bytes

/**
 * Two multiplicative hashes side by side over UTF-16 code units, mixed as MurmurHash3 does at its end (cyrb53, public domain).
 * @returns an integer, 0 to 2^53 − 1
 */
export function hash53(text: string): number {
  let high = 0xdeadbeef
  let low = 0x41c6ce57
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    high = Math.imul(high ^ unit, 2654435761)
    low = Math.imul(low ^ unit, 1597334677)
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  return 4294967296 * (2097151 & low) + (high >>> 0)
}

/** @returns 1 to 2^41 − 1; 0 is left for events without an item */
export const itemHash = (itemId: string): number => 1 + (hash53(itemId) % (ITEM_HASHES - 1))

/** @returns 2 to 2^27 − 1 for a type in a client session; 0 and 1 are left for types that may repeat */
export const actionHash = (type: string, sessionId: string): number =>
  2 + (hash53(`${type}\n${sessionId}`) % (ACTION_HASHES - 2))
