/** What workers say in their logs of the tasks they open. */
import type { FreshetProcess } from '../test/chaos/freshet-process.ts'
import type { Restored } from '../topology/restoration.ts'
import type { TaskName } from './commit-watch.ts'

/** A task that runs. */
export interface Opening {
  readonly task: TaskName
  readonly worker: FreshetProcess
  /** Since when, ms since the epoch. */
  readonly atMs: number
  /** Reading of the changelog alone, without fencing. */
  readonly restored: Restored & { readonly ms: number }
}

/** @returns in order of time, from `sinceMs` on */
export function openingsOf(workers: readonly FreshetProcess[], sinceMs = 0): Opening[] {
  return workers
    .flatMap(worker =>
      worker
        .linesOfAll()
        .filter(({ msg, time }) => msg === 'task is running' && Number(time) >= sinceMs)
        .map(line => ({
          task: `${line.stage}/${line.partition}`,
          worker,
          atMs: Number(line.time),
          restored: line.restored as Opening['restored'],
        })),
    )
    .toSorted((a, b) => a.atMs - b.atMs)
}

/** @returns task → who opened it last */
export const ownersOf = (workers: readonly FreshetProcess[]): Map<TaskName, FreshetProcess> =>
  new Map(openingsOf(workers).map(({ task, worker }) => [task, worker]))

export interface RestoreRate {
  readonly recordsPerS: number
  readonly bytesPerS: number
  /** From the first that began to the last that was done. */
  readonly ms: number
}

/** Of the worker that restored most: all its tasks together, since they share its time. */
export function restoreRate(openings: readonly Opening[]): RestoreRate {
  const rates = [...Map.groupBy(openings, one => one.worker).values()].map(own => {
    const fromMs = Math.min(...own.map(({ atMs, restored }) => atMs - restored.ms))
    const ms = Math.max(1, Math.max(...own.map(({ atMs }) => atMs)) - fromMs)
    const records = own.reduce((sum, { restored }) => sum + restored.records, 0)
    const bytes = own.reduce((sum, { restored }) => sum + restored.bytes, 0)
    return { records, recordsPerS: (1000 * records) / ms, bytesPerS: (1000 * bytes) / ms, ms }
  })
  return rates.toSorted((a, b) => b.records - a.records)[0] ?? { recordsPerS: 0, bytesPerS: 0, ms: 0 }
}
