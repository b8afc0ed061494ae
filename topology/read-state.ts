/** Reads the state of a stage back from its changelog, without owning it: for inspection, audits and tests. */
import { readEntry, type Progress } from './changelog.ts'
import { changelogName, type Stage } from './graph.ts'
import type { LogPort } from './log-port.ts'
import { readToEnd } from './read-to-end.ts'
import { TaskState } from './state.ts'

export interface StageImage {
  /** By partition. */
  readonly states: readonly TaskState[]
  readonly progress: readonly (Progress | undefined)[]
}

/** @returns what the log holds up to the ends that stood when it was called */
export async function readState(
  log: LogPort,
  stage: Stage,
  nameOf: (topic: { readonly name: string }) => string,
): Promise<StageImage> {
  const topic = nameOf({ name: changelogName(stage) })
  const states: TaskState[] = []
  const progress: (Progress | undefined)[] = []
  for (const partition of (await log.offsets(topic)).keys()) {
    states[partition] = new TaskState(stage)
    progress[partition] = undefined
  }
  await readToEnd(log, [topic], record => {
    const entry = readEntry(record.key, record.value, record.headers)
    if (entry.kind === 'data') states[record.partition]?.restore(entry)
    else if (entry.kind === 'progress') progress[record.partition] = entry.progress
  })
  return { states, progress }
}
