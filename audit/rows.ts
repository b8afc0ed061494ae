/** Two tellings of one store, row by row. */
import type { Table } from './counters.ts'

export interface Difference {
  readonly store: string
  readonly key: string
  /** The row as the recount has it, and as the state has it; undefined where there is none. */
  readonly wanted: unknown
  readonly got: unknown
}

export interface StoreCheck {
  readonly store: string
  readonly wanted: Table<unknown>
  readonly got: Table<unknown>
  /** Of a row of either side: its value is not compared. */
  readonly isOverflowed?: (row: unknown) => boolean
}

export interface StoreCount {
  /** Of the recount and of the state together. */
  rows: number
  /** Left out: bounded rows that hold less than was counted, and say so. */
  overflowed: number
  differences: number
}

/** @param onDifference - told of every key that is not the same on both sides */
export function checkStore(check: StoreCheck, onDifference: (difference: Difference) => void): StoreCount {
  const { store, wanted, got, isOverflowed = () => false } = check
  const count: StoreCount = { rows: 0, overflowed: 0, differences: 0 }
  const differ = (difference: Omit<Difference, 'store'>) => {
    count.differences++
    onDifference({ store, ...difference })
  }
  for (const key of wanted.keys()) {
    count.rows++
    const [a, b] = [wanted.get(key), got.get(key)]
    const overflows = [a, b].filter(row => row !== undefined && isOverflowed(row)).length
    if (overflows === 2) count.overflowed++
    else if (overflows === 1 || !isEqual(a, b)) differ({ key, wanted: a, got: b })
  }
  for (const key of got.keys()) {
    if (wanted.has(key)) continue
    count.rows++
    differ({ key, wanted: undefined, got: got.get(key) })
  }
  return count
}

export const add = (a: StoreCount, b: StoreCount): StoreCount => ({
  rows: a.rows + b.rows,
  overflowed: a.overflowed + b.overflowed,
  differences: a.differences + b.differences,
})

/** @param isThere - leaves rows out. Default: all are there */
export function tableOf<S, T>(
  map: ReadonlyMap<string, S>,
  of: (row: S, key: string) => T,
  isThere: (row: S) => boolean = () => true,
): Table<T> {
  const has = (key: string) => map.has(key) && isThere(map.get(key) as S)
  return {
    has,
    get: key => (has(key) ? of(map.get(key) as S, key) : undefined),
    *keys() {
      for (const [key, row] of map) if (isThere(row)) yield key
    },
  }
}

/** Of plain data, whatever class and order of keys; a field that is undefined is none. */
function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((one, n) => isEqual(one, b[n]))
  const [one, other] = [a, b] as [Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>]
  for (const key in one) if (!isEqual(one[key], own(other, key))) return false
  for (const key in other) if (other[key] !== undefined && own(one, key) === undefined) return false
  return true
}

const own = (of: Readonly<Record<string, unknown>>, key: string) => (Object.hasOwn(of, key) ? of[key] : undefined)

/** JSON with the keys of objects in order, so that equal values are equal texts, whatever class they are of. */
export function textOf(value: unknown): string | undefined {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  )
}

const SHOWN_CHARS = 200
const BEFORE_CHARS = 40

/** For a person: both rows from a little before the first character in which they differ. */
export function shown({ store, key, wanted, got }: Difference): string {
  const [a, b] = [textOf(wanted), textOf(got)]
  let at = 0
  if (a !== undefined && b !== undefined) while (at < a.length && a[at] === b[at]) at++
  const from = Math.max(0, at - BEFORE_CHARS)
  const part = (text: string | undefined) => {
    if (text === undefined) return 'nothing'
    const cut = text.slice(from, from + SHOWN_CHARS)
    return `${from > 0 ? '…' : ''}${cut}${from + cut.length < text.length ? '…' : ''}`
  }
  return `${store} of ${key}: wanted ${part(a)}, got ${part(b)}`
}
