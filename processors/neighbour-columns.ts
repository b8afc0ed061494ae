/**
 * Decayed counters of the slots of a page, held by epoch: column e has the accumulators of epoch e by slot. Each slot
 * follows the rules of `decay.ts`; side by side they are small to copy, which every event does. Columns are never changed.
 */
import type { EpochColumn } from '../schemas/neighbour-page.ts'
import type { EpochSum } from '../schemas/neighbours.ts'
import { HALF_LIVES_AN_EPOCH, KEPT_EPOCHS } from './decay.ts'
import { withValueAt } from './ring.ts'

type Columns = readonly EpochColumn[]

/**
 * @returns the columns with `units` added to the slot's accumulator of the epoch, and what it forgets left out; the same
 *   by identity where the slot has forgotten the epoch
 */
export function withUnits(columns: EpochColumn[], slot: number, epoch: number, units: number): EpochColumn[] {
  if (isBeyond(columns, slot, epoch)) return columns
  const at = placeOf(columns, epoch)
  const column = columns[at]
  if (column?.epoch !== epoch) return forgotten(inserted(columns, at, { epoch, sums: withSum([], slot, units) }), slot)
  const sum = (column.sums[slot] ?? 0) + units
  const sums = withSum(column.sums, slot, sum)
  if (sum === 0 && isEmpty(sums)) return columns.filter(one => one !== column)
  return forgotten(withValueAt(columns, at, { epoch, sums }), slot)
}

/** @returns the columns with the slot's accumulators replaced by `sums` */
export function withSums(columns: Columns, slot: number, sums: readonly EpochSum[]): EpochColumn[] {
  let next = cleared(columns, slot, Number.POSITIVE_INFINITY)
  for (const { epoch, sum } of sums) next = withUnits(next, slot, epoch, sum)
  return next
}

/** @returns the slot's accumulators: ascending epochs, none of them 0 */
export function sumsOf(columns: Columns, slot: number): EpochSum[] {
  const sums: EpochSum[] = []
  for (const { epoch, sums: column } of columns) if (column[slot]) sums.push({ epoch, sum: column[slot] })
  return sums
}

/** @returns the slot's weight at the start of epoch `reference`, scaled */
export function weightOf(columns: Columns, slot: number, reference: number): number {
  let weight = 0
  for (const { epoch, sums } of columns) weight += (sums[slot] ?? 0) * 2 ** (HALF_LIVES_AN_EPOCH * (epoch - reference))
  return weight
}

/** @returns where the column of the epoch is, or would be */
function placeOf(columns: Columns, epoch: number): number {
  let at = columns.length
  while (at > 0 && (columns[at - 1] as EpochColumn).epoch >= epoch) at--
  return at
}

const inserted = (columns: Columns, at: number, column: EpochColumn): EpochColumn[] =>
  columns.slice(0, at).concat([column], columns.slice(at))

function withSum(sums: readonly number[], slot: number, sum: number): number[] {
  if (slot <= sums.length) return withValueAt(sums, slot, sum)
  return sums.concat(
    Array.from({ length: slot - sums.length }, () => 0),
    [sum],
  )
}

const isEmpty = (sums: readonly number[]): boolean => sums.every(sum => sum === 0)

function isBeyond(columns: Columns, slot: number, epoch: number): boolean {
  if ((columns.at(-1)?.epoch ?? epoch) - KEPT_EPOCHS < epoch) return false
  return columns.some(one => one.epoch - KEPT_EPOCHS >= epoch && one.sums[slot])
}

function forgotten(columns: EpochColumn[], slot: number): EpochColumn[] {
  const first = columns[0] as EpochColumn
  for (let at = columns.length - 1; at > 0; at--) {
    const { epoch, sums } = columns[at] as EpochColumn
    if (first.epoch > epoch - KEPT_EPOCHS) return columns
    if (sums[slot]) return cleared(columns, slot, epoch - KEPT_EPOCHS)
  }
  return columns
}

/** @param upTo - newest epoch to clear, included */
function cleared(columns: Columns, slot: number, upTo: number): EpochColumn[] {
  return columns
    .map(column =>
      column.epoch <= upTo && column.sums[slot] ? { epoch: column.epoch, sums: column.sums.with(slot, 0) } : column,
    )
    .filter((column, i) => column === columns[i] || !isEmpty(column.sums))
}
