/**
 * Ctrl-C and SIGTERM as an AbortSignal: the first asks to stop, a later one ends the process at once. Signals within a
 * second are one: npm and our own launcher pass on what the terminal has sent to all of us.
 */
const SAME_MS = 1_000

/** @param say - told once, when the first signal comes */
export function stopSignal(say: (line: string) => void): AbortSignal {
  const stop = new AbortController()
  let firstMs = 0
  const onSignal = (signal: NodeJS.Signals) => {
    const nowMs = performance.now()
    if (stop.signal.aborted) {
      if (nowMs - firstMs > SAME_MS) process.exit(130)
      return
    }
    firstMs = nowMs
    say(`${signal === 'SIGINT' ? '\n' : ''}stopping; once more to stop at once`)
    stop.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal)
  return stop.signal
}

/** Resolves when the signal comes. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}
