/** The k best of many scores, equal ones by id, in two passes over a typed array; only what is close to the answer is sorted. */
import type { TopK } from './top-k.ts'

/**
 * @param scores - by place; those of 0 and below are left out. Float32, as they are published, so that a reader sees the ties too
 * @param count - places to look at, from 0
 * @param idOf - id of what stands at a place
 * @param top - made for k or more
 * @returns places, best first, equal scores by id, at most k
 */
export function bestById(
  scores: Float32Array,
  count: number,
  idOf: (place: number) => string,
  k: number,
  top: TopK,
): number[] {
  top.begin(k)
  for (let place = 0; place < count; place++) {
    const score = scores[place] as number
    if (score > 0 && score > top.threshold) top.offer(place, score)
  }
  top.finish()
  if (top.count === 0) return []
  const threshold = top.scores[top.count - 1] as number
  const best: { place: number; score: number; id: string }[] = []
  for (let place = 0; place < count; place++) {
    const score = scores[place] as number
    if (score >= threshold && score > 0) best.push({ place, score, id: idOf(place) })
  }
  best.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
  return best.slice(0, k).map(one => one.place)
}
