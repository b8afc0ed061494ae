/** How many events of a replay the user stage of this process has still to process, by its own counter. */
import type { Foundation } from './assemble.ts'

const LOOK_MS = 50

export interface LagWatch {
  /** Events in the log that wait. */
  lag(): number
  /** @param total - events of the replay in the log, those of earlier starts too */
  sent(total: number): void
  /** Resolves when none waits, or the signal comes. */
  untilDone(signal: AbortSignal, each: (lag: number) => void): Promise<void>
  stop(): void
}

/** @param before - events of the replay that were in the log when it went on */
export function watchLag({ metrics }: Foundation, before: number): LagWatch {
  let processed = 0
  let processedBefore: number | undefined
  let sent = 0
  const look = async () => {
    const { values } = await metrics.records.get()
    processed = values.find(one => one.labels.stage === 'user')?.value ?? 0
    processedBefore ??= processed
  }
  void look()
  const timer = setInterval(() => void look(), LOOK_MS)
  const lag = () => Math.max(0, sent - (processed - (processedBefore ?? 0)))
  return {
    lag,
    sent(total) {
      sent = total - before
    },
    async untilDone(signal, each) {
      while (lag() > 0 && !signal.aborted) {
        each(lag())
        await new Promise(resolve => setTimeout(resolve, LOOK_MS))
      }
    },
    stop: () => clearInterval(timer),
  }
}
