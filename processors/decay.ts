/**
 * Counters that fade with event time and stay integers. An event of weight w at time t, half-life h, epoch
 * e = ⌊t / 8h⌋ adds round(w · 2^((t − 8he)/h) · 2^16) to the accumulator of its epoch: sums are exact in any order and can
 * be taken back. Readers combine the newest four epochs at the time of the newest event they know of.
 */
import type { EpochSum } from '../schemas/neighbours.ts'

export const SCALE = 65_536
const HALF_LIVES_AN_EPOCH = 8
export const MAX_EPOCHS = 4

export const epochOf = (atMs: number, halfLifeMs: number): number =>
  Math.floor(atMs / (HALF_LIVES_AN_EPOCH * halfLifeMs))

/** @returns the integer that an event of `weight` at `atMs` adds to its epoch's accumulator */
export function decayedUnits(weight: number, atMs: number, halfLifeMs: number): number {
  const startMs = epochOf(atMs, halfLifeMs) * HALF_LIVES_AN_EPOCH * halfLifeMs
  return Math.round(weight * 2 ** ((atMs - startMs) / halfLifeMs) * SCALE)
}

/**
 * @param sums - ascending epochs; not changed
 * @returns a new array with `units` added to `epoch`, ascending, epochs whose sum is 0 left out
 */
export function addUnits(sums: readonly EpochSum[], epoch: number, units: number): EpochSum[] {
  const next: EpochSum[] = []
  let isAdded = false
  for (const one of sums) {
    if (!isAdded && epoch < one.epoch) {
      if (units !== 0) next.push({ epoch, sum: units })
      isAdded = true
    }
    const sum = one.epoch === epoch ? one.sum + units : one.sum
    if (one.epoch === epoch) isAdded = true
    if (sum !== 0) next.push({ epoch: one.epoch, sum })
  }
  if (!isAdded && units !== 0) next.push({ epoch, sum: units })
  return next
}

/**
 * @param atMs - the moment to read at; epochs after it count as at their own start
 * @returns the decayed weight, the newest {@link MAX_EPOCHS} epochs combined
 */
export function decayedWeight(sums: readonly EpochSum[], atMs: number, halfLifeMs: number): number {
  let weight = 0
  for (const { epoch, sum } of sums.slice(-MAX_EPOCHS)) {
    const startMs = epoch * HALF_LIVES_AN_EPOCH * halfLifeMs
    weight += (sum / SCALE) * 2 ** ((startMs - atMs) / halfLifeMs)
  }
  return weight
}
