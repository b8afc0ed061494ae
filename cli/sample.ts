/** The bundled MovieTweetings: imported and replayed so that the newest rating is now, and resumed where that was interrupted. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { importCatalogue } from '../connectors/catalogue.ts'
import { movietweetings } from '../connectors/mappings/movietweetings.ts'
import { Progress } from '../connectors/progress.ts'
import { replay } from '../connectors/replay.ts'
import { ReplayPosition } from '../connectors/replay-position.ts'
import { topics } from '../schemas/topics.ts'
import { systemClock } from '../topology/clock.ts'
import type { Config } from '../topology/config.ts'
import { readToEnd } from '../topology/read-to-end.ts'
import type { Running } from '../topology/runner.ts'
import type { Foundation } from './assemble.ts'
import { watchLag } from './watch-lag.ts'

const DIRECTORY = fileURLToPath(new URL('../data/movietweetings', import.meta.url))

/** Where a replay of a data set into a namespace keeps its position. */
export const replayFile = (config: Config, name: string): string =>
  join(config.dataDir, 'replays', `${config.namespace}.${name}.json`)
export const sampleFile = (config: Config): string => replayFile(config, movietweetings.name)

export async function loadSample(
  parts: Foundation,
  running: Running,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  const { config, log, wire } = parts
  const position = new ReplayPosition(sampleFile(config))
  const state = position.load()
  if (state && state.done >= state.total) return
  /** After the position stands: a start that finds films but no position takes them for somebody's own catalogue. */
  async function importFilms() {
    const items = await importCatalogue({
      topic: topics.items,
      rows: movietweetings.items?.(DIRECTORY) ?? (async function* () {})(),
      log,
      wire,
      namespace: config.namespace,
      readAll: (topic, each) => readToEnd(log, [topic], each),
      signal,
    })
    if (signal.aborted) return
    say(
      `sample: ${(items.written + items.unchanged).toLocaleString('en-US')} films, ${items.written.toLocaleString('en-US')} of them new`,
    )
  }
  const progress = new Progress({ label: 'sample', unit: 'events', stream: process.stderr, now: Date.now })
  const watch = watchLag(parts, running)
  try {
    const { done, total } = await replay({
      events: () => movietweetings.events(DIRECTORY, new Map()),
      log,
      wire,
      namespace: config.namespace,
      format: 'avro',
      position,
      shiftToNow: true,
      lag: () => watch.lag(),
      clock: systemClock,
      onBegin: importFilms,
      onProgress: (done, total, lag) => {
        progress.update(done, total, lag)
      },
      signal,
    })
    await watch.untilDone(signal, lag => progress.update(done, total, lag))
    progress.end(done, total, watch.lag())
    say(signal.aborted ? 'the next start goes on here' : 'the sample is in')
  } finally {
    watch.stop()
  }
}
