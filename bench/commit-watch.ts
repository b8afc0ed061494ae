/** Sees every commit of every task, from outside: the progress that stands in the changelogs, and when it could be read. */
import type { Foundation } from '../cli/assemble.ts'
import { topicName } from '../schemas/topics.ts'
import { readEntry } from '../topology/changelog.ts'
import { changelogName, type Stage } from '../topology/graph.ts'
import type { LogConsumer } from '../topology/log-port.ts'

/** `user/3`: stage and partition. */
export type TaskName = string

export class CommitWatch {
  readonly #stages: ReadonlyMap<string, Stage>
  readonly #timesMs = new Map<TaskName, number[]>()
  #consumer: LogConsumer | undefined

  private constructor(parts: Foundation) {
    const nameOf = (stage: Stage) => topicName({ name: changelogName(stage) }, parts.config.namespace)
    this.#stages = new Map(parts.topology.stages.map(stage => [nameOf(stage), stage]))
  }

  /** @returns reading what is committed from now on */
  static async open(parts: Foundation): Promise<CommitWatch> {
    const watch = new CommitWatch(parts)
    const ends = new Map<string, readonly { end: number }[]>()
    for (const topic of watch.#stages.keys()) ends.set(topic, await parts.log.offsets(topic))
    const assigned = Promise.withResolvers<void>()
    watch.#consumer = await parts.log.consume({
      group: null,
      topics: [...watch.#stages.keys()],
      assignment: 'copartition',
      onAssign(all, consumer) {
        for (const at of all) {
          consumer.seek(at, ends.get(at.topic)?.[at.partition]?.end ?? 0)
          consumer.resume(at)
        }
        assigned.resolve()
      },
      async onBatch({ topic, partition, records }) {
        const task = `${watch.#stages.get(topic)?.name}/${partition}`
        for (const { key, value } of records) {
          const entry = readEntry(key, value)
          if (entry.kind === 'progress') watch.#saw(task)
        }
      },
      onCrash: assigned.reject,
    })
    await assigned.promise
    return watch
  }

  close(): Promise<void> {
    return this.#consumer?.stop() ?? Promise.resolve()
  }

  #saw(task: TaskName): void {
    const times = this.#timesMs.get(task)
    if (times) times.push(Date.now())
    else this.#timesMs.set(task, [Date.now()])
  }

  /** @returns when its first commit at or after this was seen, ms since the epoch; Infinity where none was yet */
  firstCommit(task: TaskName, fromMs: number): number {
    return this.#timesMs.get(task)?.find(time => time >= fromMs) ?? Infinity
  }

  /** @returns the longest time without a commit of a task that lies within, or reaches into, this span; ms since the epoch */
  longestGap(task: TaskName, fromMs: number, toMs: number): number {
    const times = this.#timesMs.get(task) ?? []
    const first = times.findLastIndex(time => time <= fromMs)
    const within = [...times.slice(Math.max(0, first)).filter(time => time <= toMs), toMs]
    return within.reduce((longest, time, index) => Math.max(longest, time - (within[index - 1] ?? time)), 0)
  }
}
