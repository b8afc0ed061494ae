/** How many interactions the user tasks of this process have still to process. */
import { topicName, topics } from '../schemas/topics.ts'
import type { Running } from '../topology/runner.ts'
import type { Foundation } from './assemble.ts'

const LOOK_MS = 50

export interface LagWatch {
  /** As it was at the last look, 50 ms ago at most where the log answers at once. */
  lag(): number
  /** Resolves when none waits, or the signal comes. */
  untilDone(signal: AbortSignal, each: (lag: number) => void): Promise<void>
  stop(): void
}

export function watchLag({ config, log }: Foundation, running: Running): LagWatch {
  const topic = topicName(topics.interactions, config.namespace)
  let lag = 0
  let looking: Promise<void> | undefined
  const look = async () => {
    const ranges = await log.offsets(topic)
    let waiting = 0
    for (const [partition, task] of running.stages.get('user')?.tasks ?? [])
      waiting += Math.max(0, (ranges[partition]?.end ?? 0) - (task.positions[topic] ?? ranges[partition]?.begin ?? 0))
    lag = waiting
  }
  // One look at a time; one that fails leaves the figure as it was.
  const begin = () => {
    looking ??= look()
      .catch(() => undefined)
      .finally(() => {
        looking = undefined
      })
    return looking
  }
  const timer = setInterval(() => void begin(), LOOK_MS)
  return {
    lag: () => lag,
    async untilDone(signal, each) {
      for (await begin(); lag > 0 && !signal.aborted; await begin()) {
        each(lag)
        await new Promise(resolve => setTimeout(resolve, LOOK_MS))
      }
    },
    stop: () => clearInterval(timer),
  }
}
