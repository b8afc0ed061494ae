/**
 * Paging through one ranking. A cursor names the first request, its list and an offset. The ranking itself is held in
 * memory for a while, so that later pages neither repeat nor skip when the list is rebuilt in between; where it is no
 * longer held the page comes from the list as it is now, and says so.
 */
import { FreshetError } from '../schemas/errors.ts'
import type { Found } from './ladder.ts'

const MAX_HELD = 500
const HELD_MS = 10 * 60_000

export interface Cursor {
  readonly requestId: string
  readonly listId: string
  /** Of the next page's first item. */
  readonly offset: number
}

export const writeCursor = ({ requestId, listId, offset }: Cursor): string =>
  Buffer.from(JSON.stringify([requestId, listId, offset])).toString('base64url')

/** @throws FreshetError INVALID_QUERY for what writeCursor did not write */
export function readCursor(text: string): Cursor {
  const refuse = (cause?: unknown) =>
    new FreshetError('INVALID_QUERY', 'cursor: wanted one from an answer, got something else', { cause })
  let parts: unknown
  try {
    parts = JSON.parse(Buffer.from(text, 'base64url').toString())
  } catch (cause) {
    throw refuse(cause)
  }
  if (!Array.isArray(parts) || parts.length !== 3) throw refuse()
  const [requestId, listId, offset] = parts as unknown[]
  if (typeof requestId !== 'string' || typeof listId !== 'string') throw refuse()
  if (typeof offset !== 'number' || !Number.isInteger(offset) || offset < 0 || offset > 100_000) throw refuse()
  return { requestId, listId, offset }
}

export class Pages {
  readonly #held = new Map<string, { found: Found; visitor: string; untilMs: number }>()

  hold(requestId: string, visitor: string, found: Found, nowMs: number): void {
    this.#held.set(requestId, { found, visitor, untilMs: nowMs + HELD_MS })
    const oldest = this.#held.size > MAX_HELD ? this.#held.keys().next() : undefined
    if (oldest && !oldest.done) this.#held.delete(oldest.value)
  }

  /** @param visitor - whose page it is: a cursor opens nobody else's list */
  get({ requestId }: Cursor, visitor: string, nowMs: number): Found | undefined {
    const held = this.#held.get(requestId)
    return held && held.visitor === visitor && held.untilMs > nowMs ? held.found : undefined
  }
}
