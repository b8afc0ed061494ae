/**
 * A deadline on every read, and a breaker so that a frozen Redis costs a few requests the deadline and the others nothing.
 *
 *   closed ──3 failures in a row──► open ──one read every 50 ms goes through, and answers──► closed
 */
import { FreshetError } from '../../schemas/errors.ts'

const FAILURES = 3
const PROBE_MS = 50

export class Breaker {
  readonly #deadlineMs: number
  #failures = 0
  #probeAtMs = 0

  /** @param deadlineMs - above 0 */
  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs
  }

  get isClosed(): boolean {
    return this.#failures < FAILURES
  }

  /** @throws FreshetError REDIS_UNAVAILABLE at the deadline, at once while open, or where `read` fails */
  async guard<T>(read: () => Promise<T>): Promise<T> {
    if (!this.isClosed) {
      const now = performance.now()
      if (now < this.#probeAtMs) throw new FreshetError('REDIS_UNAVAILABLE', 'Redis: not answering, asked again soon')
      this.#probeAtMs = now + PROBE_MS
    }
    const late = Promise.withResolvers<never>()
    late.promise.catch(() => undefined) // given up on just as the answer came
    // Timers come before input in a turn of the event loop: after a long one the answer may be there, only not read yet.
    const giveUp = () => setImmediate(() => late.reject(new Error(`no answer within ${this.#deadlineMs} ms`)))
    const timer = setTimeout(giveUp, this.#deadlineMs)
    try {
      const value = await Promise.race([read(), late.promise])
      this.#failures = 0
      return value
    } catch (cause) {
      this.#failures++
      throw new FreshetError('REDIS_UNAVAILABLE', `Redis: ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      })
    } finally {
      clearTimeout(timer)
    }
  }
}
