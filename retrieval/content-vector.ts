/**
 * A content vector: what an item is, before anyone has touched it. 64 numbers: 32 from its words and 32 from a supplied
 * embedding. Each half has unit length, a half without data is zero, and the whole has unit length (or is zero).
 *
 * Words: every word of a field is a feature, hashed to 32 bits; bit d says whether it adds +w or −w to dimension d. That is
 * feature hashing and a seeded ±1 random projection in one step, without a stored matrix. A field of n words spreads its
 * weight so that it counts once however long it is: w = weight / √n. Fields are kept apart by their prefix.
 *
 * Embedding: dimension j of any length n is projected by ±1 from the bits of hash(seed, j), a Johnson–Lindenstrauss
 * projection whose matrix is its generator.
 */
import type { Item } from '../schemas/item.ts'
import { DIM } from './vector-slab.ts'

const HALF = DIM / 2
/** Changing a seed, a weight or the hash is a new vector space: raise this with it. */
export const CONTENT_SPACE = 'content-1'
const WORD_SEED = 0x9e3779b9
const EMBEDDING_SEED = 0x85ebca6b
/** Of a field as a whole, beside the others. */
const WEIGHTS = { category: 3, brand: 1.5, creator: 1.5, tag: 1.5, title: 1, description: 0.5 }
const MAX_WORDS = 64 // of a text; what an item is stands at its beginning
const WORD = /[\p{L}\p{N}]+/gu

export type Content = Pick<Item, 'title' | 'description' | 'categories' | 'brand' | 'creator' | 'tags' | 'embedding'>

/**
 * @param content - facts of an item, or a part of them: a category alone makes a query for its items
 * @returns new array of 64, unit length, or zero where nothing is known
 */
export function contentVector(content: Partial<Content>): Float32Array {
  const vector = new Float32Array(DIM)
  addField(vector, 'c', content.categories ?? [], WEIGHTS.category)
  addField(vector, 'b', content.brand ? [content.brand] : [], WEIGHTS.brand)
  addField(vector, 'm', content.creator ? [content.creator] : [], WEIGHTS.creator)
  addField(vector, 't', content.tags ?? [], WEIGHTS.tag)
  addField(vector, 'w', wordsOf(content.title), WEIGHTS.title)
  addField(vector, 'w', wordsOf(content.description), WEIGHTS.description)
  addEmbedding(vector, content.embedding ?? [])
  toUnit(vector.subarray(0, HALF))
  toUnit(vector.subarray(HALF))
  toUnit(vector)
  return vector
}

function addField(vector: Float32Array, prefix: string, words: readonly string[], weight: number): void {
  const each = weight / Math.sqrt(words.length)
  for (const word of words) {
    const bits = hashText(`${prefix}:${word.toLowerCase()}`, WORD_SEED)
    for (let d = 0; d < HALF; d++) vector[d] = (vector[d] as number) + ((bits >>> d) & 1 ? each : -each)
  }
}

function addEmbedding(vector: Float32Array, embedding: readonly number[]): void {
  for (let j = 0; j < embedding.length; j++) {
    const value = embedding[j] as number
    if (!Number.isFinite(value)) {
      vector.fill(0, HALF) // half an embedding is worse than none
      return
    }
    const bits = mix(EMBEDDING_SEED ^ Math.imul(j + 1, 0x9e3779b1))
    for (let d = 0; d < HALF; d++) {
      vector[HALF + d] = (vector[HALF + d] as number) + ((bits >>> d) & 1 ? value : -value)
    }
  }
}

const wordsOf = (text: string | null | undefined): string[] =>
  (text?.normalize('NFKC').toLowerCase().match(WORD) ?? []).slice(0, MAX_WORDS)

/** In place; a vector without length, or with an overflowing one, becomes zero. */
function toUnit(vector: Float32Array): void {
  let square = 0
  for (const value of vector) square += value * value
  const scale = square > 0 && Number.isFinite(square) ? 1 / Math.sqrt(square) : 0
  for (let d = 0; d < vector.length; d++) vector[d] = scale === 0 ? 0 : (vector[d] as number) * scale
}

/** FNV-1a over UTF-16 code units, finished by {@link mix}: the same on every machine and release. */
function hashText(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return mix(hash)
}

/** The finaliser of MurmurHash3: every input bit moves every output bit. */
function mix(value: number): number {
  let h = value
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
