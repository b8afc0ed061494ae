/** Numbers that depend on nothing but what they are asked for: leaving one decision out changes no other. */

/** 32 bits of a sequence of whole numbers, by murmur3's mixing steps. */
export function hashOf(...parts: readonly number[]): number {
  let h = 0x9747b28c
  for (const part of parts) {
    let k = Math.imul(part | 0, 0xcc9e2d51)
    k = (k << 15) | (k >>> 17)
    h ^= Math.imul(k, 0x1b873593)
    h = (h << 13) | (h >>> 19)
    h = (Math.imul(h, 5) + 0xe6546b64) | 0
  }
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

export function hashOfText(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h >>> 0
}

/** A stream of numbers for one purpose of one seed. */
export class Dice {
  readonly #seed: number
  readonly #purpose: number
  #count = 0

  constructor(seed: number, purpose: string) {
    this.#seed = seed
    this.#purpose = hashOfText(purpose)
  }

  /** @returns from 0 to below 1 */
  next = (): number => hashOf(this.#seed, this.#purpose, this.#count++) / 2 ** 32

  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  is(share: number): boolean {
    return this.next() < share
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T
  }
}
