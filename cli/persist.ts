/** Tries until it works, where trying again can help: Kafka, the registry or Redis may start after us. */
import type { Logger } from 'pino'
import { errors, FreshetError } from '../schemas/errors.ts'

const FIRST_MS = 250
const LONGEST_MS = 10_000

/** @param what - what is waited for, as the log should name it. @throws what trying again does not mend, or when aborted */
export async function persist<T>(
  what: string,
  work: () => Promise<T>,
  logger: Logger,
  signal?: AbortSignal,
): Promise<T> {
  for (let waitMs = FIRST_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_MS)) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof FreshetError) || errors[error.code].fate !== 'retry' || signal?.aborted) throw error
      logger.warn({ code: error.code, reason: error.message, waitMs, for: what }, 'not there yet, trying again')
    }
    await pause(waitMs, signal)
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
  })
}
