/** Rows of two tellings of the same thing, compared as text: what is missing, what is too much, what differs. */
import { createHash } from 'node:crypto'

/** Key → value as canonical text. */
export type Rows = ReadonlyMap<string, string>

const SHOWN_CHARS = 400

/** JSON with the keys of objects in order, so that equal values are equal texts, whatever class they are of. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  )
}

export const rowsOf = (entries: Iterable<readonly [string, unknown]>): Rows =>
  new Map(Array.from(entries, ([key, value]) => [key, textOf(value)]))

/** @returns a sentence for each key that is not the same in both */
export function differences(store: string, wanted: Rows, got: Rows): string[] {
  const found: string[] = []
  for (const [key, text] of wanted) {
    const other = got.get(key)
    if (other === undefined) found.push(`${store} of ${key}: wanted ${shown(text)}, got nothing`)
    else if (other !== text) found.push(`${store} of ${key}: wanted ${around(text, other)}, got ${around(other, text)}`)
  }
  for (const [key, text] of got)
    if (!wanted.has(key)) found.push(`${store} of ${key}: wanted nothing, got ${shown(text)}`)
  return found
}

/** SHA-256 over the rows sorted by key. */
export function digestOfRows(store: string, rows: Rows): string {
  const hash = createHash('sha256')
  for (const row of [...rows].sort(([a], [b]) => (a < b ? -1 : 1))) hash.update(JSON.stringify([store, ...row]))
  return hash.digest('hex')
}

const shown = (text: string) => (text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text)

/** From a little before the first character that differs. */
function around(text: string, other: string): string {
  let at = 0
  while (at < text.length && text[at] === other[at]) at++
  const from = Math.max(0, at - 60)
  return `${from > 0 ? '…' : ''}${shown(text.slice(from))}`
}
