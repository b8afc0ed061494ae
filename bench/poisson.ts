/** An open loop: events come when they are due, whatever became of those before. */
import { setTimeout as wait } from 'node:timers/promises'

export interface Arrivals {
  /** On average; the times between two are exponential. */
  readonly perSecond: number
  readonly seconds: number
  readonly random: () => number
  readonly signal: AbortSignal
}

/**
 * Looks every ms for what is due, so that an event is sent up to some 2 ms late but never left out.
 * @param arrive - must not wait
 * @returns how many came
 */
export async function poisson({ perSecond, seconds, random, signal }: Arrivals, arrive: () => void): Promise<number> {
  const startMs = performance.now()
  const endMs = startMs + seconds * 1_000
  const gapMs = () => (-Math.log(1 - random()) / perSecond) * 1_000
  let count = 0
  for (let dueMs = startMs + gapMs(); dueMs < endMs && !signal.aborted; ) {
    const nowMs = performance.now()
    for (; dueMs <= nowMs && dueMs < endMs; dueMs += gapMs()) {
      arrive()
      count++
    }
    await wait(1)
  }
  return count
}
