/**
 * A clock that stands still while nothing here runs: a laptop that sleeps, or a machine whose processes are all stopped for a
 * while, uses no limit up.
 */
const TICK_MS = 500
/** A turn of the event loop takes less, and nothing else keeps a tick from coming. */
export const LONGEST_TURN_MS = 5_000

/** @param now - ms, goes on while we sleep. @returns the clock, to be asked every now and then: ms since it was made */
export function awakeClock(now: () => number): () => number {
  let passedMs = 0
  let lastMs = now()
  return () => {
    const nowMs = now()
    passedMs += Math.min(nowMs - lastMs, LONGEST_TURN_MS)
    lastMs = nowMs
    return passedMs
  }
}

/** @returns ms since some beginning */
export const awakeMs = awakeClock(() => performance.now())
setInterval(awakeMs, TICK_MS).unref()
