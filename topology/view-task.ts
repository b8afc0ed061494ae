/** What one partition of a V stage holds, or all of them where it is one task. */
import type { BroadcastIndex, ViewInstance } from '../processors/define.ts'
import { DirtySet, type Taken } from './dirty-set.ts'
import type { OutRecord, TopicPartition } from './log-port.ts'
import type { ViewRunnerOptions } from './view-runner.ts'

export const idOf = (at: TopicPartition): string => `${at.topic}/${at.partition}`

export interface ViewTask {
  readonly partition: number
  readonly instance: ViewInstance
  readonly dirty: DirtySet
  /** `topic/partition` → end at assignment; the task builds when none is left. */
  readonly behind: Map<string, number>
  /** `topic/partition` → position that the group had committed. */
  readonly committed: Map<string, number>
  /** `topic/partition` → next offset to read. */
  readonly positions: Map<string, number>
  /** Built, not yet acknowledged. */
  unsent: { taken: Taken; records: OutRecord[] }[]
  sending: readonly { taken: Taken; records: OutRecord[] }[]
}

export function newViewTask(partition: number, { view, partitions, indexes, metrics }: ViewRunnerOptions): ViewTask {
  const counters = new Map(
    Object.keys(view.counters).map(counter => [counter, metrics.counted.of({ processor: view.name, counter })]),
  )
  const instance = view.create({
    partition,
    partitions,
    index<T extends BroadcastIndex>(topic: { readonly name: string }): T {
      const index = indexes.get(topic.name)
      if (!index) throw new Error(`${view.name} reads ${topic.name} without declaring it`)
      return index as T
    },
    count(counter, by = 1) {
      const series = counters.get(counter)
      if (!series) throw new Error(`${view.name} counts ${counter} without declaring it`)
      series.inc(by)
    },
  })
  const dirty = new DirtySet(view.intervalMs, view.mustRest)
  return {
    partition,
    instance,
    dirty,
    behind: new Map(),
    committed: new Map(),
    positions: new Map(),
    unsent: [],
    sending: [],
  }
}

/** @returns for every input partition of the task the offset before which all is published */
export function safePositions(
  task: ViewTask,
  inputNumber: (id: string) => number,
): (TopicPartition & { offset: number })[] {
  return [...task.positions].map(([id, position]) => {
    const input = inputNumber(id)
    const waiting = [
      task.dirty.oldest(input),
      ...[...task.unsent, ...task.sending].map(one => one.taken.since.get(input)),
    ]
    const offset = Math.min(position, ...waiting.filter(one => one !== undefined))
    const slash = id.lastIndexOf('/')
    return { topic: id.slice(0, slash), partition: Number(id.slice(slash + 1)), offset }
  })
}
