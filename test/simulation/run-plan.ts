/** Runs one plan from beginning to end: trouble, healing, rest, and what must hold then. */
import { sinkTopics } from '../../connectors/view-writes.ts'
import { act } from './actions.ts'
import { digestOf, type StoreDigest } from '../../topology/digest.ts'
import { checkOutcome, checkPublished } from './checks.ts'
import type { Action, Plan } from './plan.ts'
import type { Fault } from './trouble.ts'
import { type Breach, World, type WorldOptions } from './world.ts'
import { lastWords, START_MS } from './workload.ts'

/** Within so long all must be at rest, I7. */
const HEALED_WITHIN_MS = 60_000
/** Longer than a list may be old, and than the slowest view waits. */
const SWEPT_MS = 3_000
const STOPPED_WITHIN_MS = 30_000
/** A sink whose connection stays up looks once a second whether Redis has lost what it wrote. */
const NOTICED_MS = 3_000
/** Longer than any wait between two tries. */
const WAITS_MS = 10_000

export interface Run {
  readonly plan: Plan
  readonly breach: Breach | undefined
  readonly faults: readonly Fault[]
  readonly actions: readonly Action[]
  /** The same for two runs that were the same. */
  readonly trace: number
  readonly virtualMs: number
  readonly commits: number
  /** Of the D and C state that the changelogs hold in the end. */
  readonly digests: readonly StoreDigest[]
}

export async function runPlan(options: WorldOptions): Promise<Run> {
  const { plan, time } = options
  time.reset(START_MS, plan.seed)
  const { world, actions } = await lived(options)
  const { breach } = world
  const digests = world.graph.stages.flatMap(stage =>
    digestOf(stage, world.witness.imageOf(stage, plan.partitions).states),
  )
  world.close()
  await time.turn()
  return {
    plan,
    breach,
    faults: world.trouble.faults,
    actions,
    trace: world.trouble.trace,
    virtualMs: time.nowMs - START_MS,
    commits: world.witness.commits,
    digests,
  }
}

async function lived(options: WorldOptions): Promise<{ world: World; actions: Action[] }> {
  const { plan, time } = options
  const opening = Promise.withResolvers<World>()
  let opened: World | undefined
  World.open(options).then(world => {
    opened = world
    opening.resolve(world)
  }, opening.reject)
  await time.run(() => opened !== undefined, START_MS + HEALED_WITHIN_MS)
  const world = await opening.promise
  const done: Action[] = []
  let unsent = plan.sent.length
  for (const sent of plan.sent) time.after(sent.atMs, () => void world.publish(sent).finally(() => unsent--))
  for (const action of plan.actions)
    time.after(action.atMs, () => {
      if (world.isHealing) return
      done.push(action)
      act(world, action)
    })
  for (let n = 0; n < plan.processes; n++) world.start()
  const isBroken = () => world.breach !== undefined
  await time.run(isBroken, START_MS + plan.spanMs * 1.2)
  await time.run(() => isBroken() || unsent === 0, time.nowMs + HEALED_WITHIN_MS)
  if (isBroken()) return { world, actions: done }
  world.heal()
  world.start()
  if (!(await rested(world)) || !(await checkPublished(world))) return { world, actions: done }
  if (plan.ending === 'data-lost') {
    await loseData(world)
    return { world, actions: done }
  }
  if (plan.ending === 'born-again') {
    for (const process of world.up()) world.kill(process)
    world.compact('drop')
    world.redis.flush()
    world.start()
    if (!(await rested(world)) || !(await checkPublished(world))) return { world, actions: done }
  }
  for (const sent of lastWords(plan.partitions)) await world.publish(sent)
  if (!(await rested(world))) return { world, actions: done }
  await time.run(isBroken, time.nowMs + SWEPT_MS)
  if (!(await rested(world))) return { world, actions: done }
  await checkOutcome(world)
  if (!isBroken()) await stopped(world)
  return { world, actions: done }
}

/** @returns false where something does not hold */
async function rested(world: World): Promise<boolean> {
  const fromMs = world.time.nowMs
  const isDone = () => world.breach !== undefined || unrest(world) === undefined
  const isInTime = await world.time.run(isDone, fromMs + HEALED_WITHIN_MS)
  if (!isInTime) world.complain('I7', `after ${HEALED_WITHIN_MS} ms: ${unrest(world)}`)
  return world.breach === undefined
}

/** @returns what is still to be done, in words */
function unrest(world: World): string | undefined {
  if (!world.log.isAtRest) return 'the log is not at rest'
  if (world.time.nowMs < world.redis.lostAtMs + NOTICED_MS) return 'sinks may not have noticed what Redis lost'
  const up = world.up()
  for (const process of world.processes) if (!process.isUp && !process.isDown) return `${process.name} is stopping`
  for (const { name, running, sink } of up) {
    if (!running || !sink) return `${name} is starting`
    for (const [view, runner] of running.views) if (!runner.isIdle) return `${name} has ${view} to build`
  }
  const written = new Map(up.flatMap(one => one.sink?.positions() ?? []).map(at => [`${at.topic}/${at.partition}`, at]))
  for (const [at, end] of world.witness.ends(sinkTopics))
    if ((written.get(at)?.offset ?? 0) < end)
      return `${at} is written to Redis up to ${written.get(at)?.offset}, not ${end}`
  for (const stage of world.graph.stages) {
    for (let partition = 0; partition < world.plan.partitions; partition++) {
      const tasks = up.map(one => one.running?.stages.get(stage.name)?.tasks.get(partition)).filter(one => one)
      if (tasks.length !== 1) return `${stage.name}[${partition}] has ${tasks.length} owners`
      const [task] = tasks
      if (!task?.reached.isCommitted) return `${stage.name}[${partition}] is ${task?.phase} and has records to commit`
      const progress = world.witness.progressOf(stage, partition)
      if (progress && progress.publishedUpTo !== 'all') return `${stage.name}[${partition}] has tables to publish`
    }
  }
  return undefined
}

/** Input that is deleted before it was read is told of by name, and nothing is made of what is left. */
async function loseData(world: World): Promise<void> {
  const [user] = world.graph.stages
  const { partitions } = world.plan
  const sent = lastWords(partitions).find(one => user && world.witness.progressOf(user, one.partition))
  if (!user || !sent) return
  for (const process of world.up()) world.kill(process)
  await world.publish(sent)
  await world.publish(sent)
  const at = { topic: sent.topic.name, partition: sent.partition }
  await world.log.purge(at, ((await world.log.offsets(at.topic))[at.partition]?.end ?? 0) - 1)
  const before = world.witness.progressOf(user, at.partition)
  world.start({ expects: 'DATA_LOST' })
  const isDone = () => world.breach !== undefined || world.up().length === 0
  const isInTime = await world.time.run(isDone, world.time.nowMs + HEALED_WITHIN_MS)
  if (!isInTime) world.complain('STOP', 'a process goes on although its input was deleted')
  if (world.witness.progressOf(user, at.partition) !== before) world.complain('I3', 'progress behind lost data')
}

async function stopped(world: World): Promise<void> {
  const stopping = world.up()
  for (const process of stopping) void process.stop()
  const isDone = () => stopping.every(process => process.isDown)
  const isInTime = await world.time.run(isDone, world.time.nowMs + STOPPED_WITHIN_MS)
  if (!isInTime) return world.complain('I7', `a process did not stop within ${STOPPED_WITHIN_MS} ms`)
  // A wait for a next try may still run out; nothing comes of it.
  await world.time.run(() => false, world.time.nowMs + WAITS_MS)
  const { transactions, consumers } = world.log.leftovers
  const timers = world.time.timers - 1 // the broker's own
  if (transactions + consumers + timers > 0)
    world.complain('I8', `left behind: ${transactions} transactions, ${consumers} consumers, ${timers} timers`)
}
