/** Runs parts until a signal or a fatal error, then stops them in order; the last started stops first. */
import type { Logger } from 'pino'
import { stopSignal } from './stop-signal.ts'

/** A part that hangs while it stops does not hold the process for longer than this. */
const STOP_WITHIN_MS = 15_000
const GRACE_MS = 2_000

export interface Session {
  /** Aborted when it is time to stop. */
  readonly signal: AbortSignal
  /** Ends the session with exit code 1; the first error is told. */
  readonly onFatal: (error: Error) => void
  /** Called in reverse order at the end. */
  onStop(stop: () => Promise<void>): void
}

/** @param work - starts the parts; the session goes on until the signal comes. @returns the exit code */
export async function untilStopped(
  logger: Logger,
  say: (line: string) => void,
  work: (session: Session) => Promise<void>,
): Promise<number> {
  const asked = stopSignal(say)
  const failed = new AbortController()
  const signal = AbortSignal.any([asked, failed.signal])
  const stops: (() => Promise<void>)[] = []
  let fatal: Error | undefined
  const onFatal = (error: Error) => {
    if (signal.aborted) return
    fatal = error
    logger.fatal({ err: error }, 'stopping')
    failed.abort()
  }
  const over = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
  try {
    const working = work({ signal, onFatal, onStop: stop => void stops.push(stop) })
    await Promise.race([working, over])
    await over
    // What is under way, say a batch of a replay, should end before the log under it closes.
    await Promise.race([working, new Promise(resolve => setTimeout(resolve, GRACE_MS).unref())])
  } catch (error) {
    if (!signal.aborted) fatal = error instanceof Error ? error : new Error(String(error))
  }
  const guard = setTimeout(() => {
    say(`not stopped within ${STOP_WITHIN_MS / 1_000} s, ending anyway; nothing acknowledged is lost`)
    process.exit(1)
  }, STOP_WITHIN_MS)
  for (const stop of stops.reverse()) await stop()
  clearTimeout(guard)
  if (fatal) throw fatal
  return 0
}
