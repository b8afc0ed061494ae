/**
 * Counters that fade with event time and stay integers. An event of weight w at time t, half-life h, epoch
 * e = ⌊t / 8h⌋ adds round(w · 2^((t − 8he)/h) · 2^16) to the accumulator of its epoch: sums are exact in any order and can
 * be taken back. Readers combine the newest four epochs that are not empty, at the time of the newest event they know of.
 *
 * A counter keeps its newest eight epochs; what lies further back has faded to below 2^-56 and is forgotten, also when it
 * comes late. As the newest epoch only rises, what is kept does not depend on the order of arrival. The one exception is a
 * newest epoch that is taken back whole: what it made forgotten stays so.
 */
import type { EpochSum } from '../schemas/neighbours.ts'

export const SCALE = 65_536
export const HALF_LIVES_AN_EPOCH = 8
const READ_EPOCHS = 4
export const KEPT_EPOCHS = 8

export const epochOf = (atMs: number, halfLifeMs: number): number =>
  Math.floor(atMs / (HALF_LIVES_AN_EPOCH * halfLifeMs))
const startOf = (epoch: number, halfLifeMs: number): number => epoch * HALF_LIVES_AN_EPOCH * halfLifeMs

/** @returns the integer that an event of `weight` at `atMs` adds to its epoch's accumulator; −weight adds its negative */
export function decayedUnits(weight: number, atMs: number, halfLifeMs: number): number {
  const startMs = startOf(epochOf(atMs, halfLifeMs), halfLifeMs)
  const units = Math.round(Math.abs(weight) * 2 ** ((atMs - startMs) / halfLifeMs) * SCALE)
  return weight < 0 ? -units : units // Math.round alone takes halves up, for negative numbers too
}

/** @returns whether a counter no longer takes in what belongs to the epoch */
export const isForgotten = (sums: readonly EpochSum[], epoch: number): boolean =>
  epoch <= (sums.at(-1)?.epoch ?? epoch) - KEPT_EPOCHS

/**
 * @param sums - ascending epochs; not changed
 * @returns a new array with `units` added to `epoch`: ascending, without zero sums and forgotten epochs
 */
export function addUnits(sums: readonly EpochSum[], epoch: number, units: number): EpochSum[] {
  const next: EpochSum[] = []
  let left = units
  for (const one of sums) {
    if (left !== 0 && epoch < one.epoch) {
      next.push({ epoch, sum: left })
      left = 0
    }
    const sum = one.epoch === epoch ? one.sum + left : one.sum
    if (one.epoch === epoch) left = 0
    if (sum !== 0) next.push({ epoch: one.epoch, sum })
  }
  if (left !== 0) next.push({ epoch, sum: left })
  const newest = next.at(-1)
  const forgotten = newest ? next.findLastIndex(one => one.epoch <= newest.epoch - KEPT_EPOCHS) + 1 : 0
  return forgotten > 0 ? next.slice(forgotten) : next
}

/**
 * @param atMs - the moment to read at
 * @returns the decayed weight: Σ sum · 2^((start of its epoch − atMs) / h) / 2^16 over the newest four epochs
 */
export function decayedWeight(sums: readonly EpochSum[], atMs: number, halfLifeMs: number): number {
  let weight = 0
  for (let i = Math.max(0, sums.length - READ_EPOCHS); i < sums.length; i++) {
    const { epoch, sum } = sums[i] as EpochSum
    weight += (sum / SCALE) * 2 ** ((startOf(epoch, halfLifeMs) - atMs) / halfLifeMs)
  }
  return weight
}
