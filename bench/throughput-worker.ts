/**
 * User and item stages over a backlog, in a process of their own, so that its CPU and its heap are theirs. Started by
 * `throughput.ts` with the options of Freshet in the environment and --expose-gc; what it sees it sends.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { type Foundation, startStages } from '../cli/assemble.ts'
import { topicName, topics } from '../schemas/topics.ts'
import type { Running } from '../topology/runner.ts'
import { openLog } from './bench-log.ts'

export type WorkerMessage =
  /** The first record has been processed. */
  | { readonly kind: 'started' }
  | { readonly kind: 'at'; readonly events: number }
  /** Every event is processed and every signal counted and committed. */
  | { readonly kind: 'done'; readonly seconds: number; readonly userSeconds: number; readonly cpuSeconds: number }
  /** The coalesced tables are published too; the stages are stopped. */
  | {
      readonly kind: 'ended'
      readonly rejected: number
      /** Processor → keys in its store. */
      readonly keys: Readonly<Record<string, number>>
      /** What the state of each stage held in memory. */
      readonly bytes: { readonly user: number; readonly item: number }
    }

const LOOK_EVERY_MS = 10
/** Tables wait for five seconds at most. */
const TABLES_MS = 6_000

const send = (message: WorkerMessage): void => void process.send?.(message)
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('FRESHET_')))
const parts = await openLog(env as Record<string, string>)
parts.log.purge = () => Promise.resolve() // the bench counts all signals at the end
const running = await startStages(parts, fail, ['user', 'item'])
process.on('disconnect', () => process.exit(1))

await counted(parts)
const startedMs = performance.now()
const startedCpu = process.cpuUsage()
send({ kind: 'started' })
await until(async () => hasReached(running, 'user', await endsBy(topics.interactions.name)))
const userSeconds = (performance.now() - startedMs) / 1_000
const signalEnds = await endsBy(topics.signals.name)
await until(async () => hasReached(running, 'item', signalEnds))
const seconds = (performance.now() - startedMs) / 1_000
const { user, system } = process.cpuUsage(startedCpu)
send({ kind: 'done', seconds, userSeconds, cpuSeconds: (user + system) / 1e6 })

await wait(TABLES_MS)
const keys: Record<string, number> = {}
for (const { name, processors } of parts.topology.stages)
  processors.forEach((processor, index) => {
    const tasks = [...(running.stages.get(name)?.tasks.values() ?? [])]
    if (processor.store) keys[processor.name] = tasks.reduce((sum, task) => sum + task.state.size(index), 0)
  })
const withBoth = await heapBytes()
await running.stages.get('item')?.stop()
const withUser = await heapBytes()
await running.stages.get('user')?.stop()
const withNone = await heapBytes()
const { values } = await parts.metrics.rejected.get()
const rejected = values.reduce((sum, one) => sum + (one.labels.stage === 'user' ? one.value : 0), 0)
await parts.close()
send({ kind: 'ended', rejected, keys, bytes: { user: withUser - withNone, item: withBoth - withUser } })
process.disconnect()

/** @returns how many events have been processed, once it is more than none */
async function counted({ metrics }: Foundation): Promise<number> {
  for (;;) {
    const { values: counts } = await metrics.records.get()
    const count = counts.find(one => one.labels.stage === 'user')?.value ?? 0
    if (count > 0) return count
    await wait(LOOK_EVERY_MS)
  }
}

async function until(isOver: () => Promise<boolean>): Promise<void> {
  for (let look = 1; !(await isOver()); look++) {
    await wait(LOOK_EVERY_MS)
    if (look % 50 === 0) send({ kind: 'at', events: await counted(parts) })
  }
}

async function endsBy(topic: string): Promise<ReadonlyMap<string, readonly number[]>> {
  const name = topicName({ name: topic }, parts.config.namespace)
  return new Map([[name, (await parts.log.offsets(name)).map(range => range.end)]])
}

function hasReached(stages: Running, stage: string, ends: ReadonlyMap<string, readonly number[]>): boolean {
  const tasks = stages.stages.get(stage)?.tasks
  return Array.from(ends).every(([topic, byPartition]) =>
    byPartition.every((end, partition) => {
      const reached = tasks?.get(partition)?.reached
      return end === 0 || (reached?.isCommitted === true && (reached.positions[topic] ?? 0) >= end)
    }),
  )
}

async function heapBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await wait(50)
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function fail(error: Error): void {
  console.error(error)
  process.exit(1)
}
