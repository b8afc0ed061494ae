/** Processes that sleep and wake, and groups that never come to rest. */
import { setTimeout as wait } from 'node:timers/promises'
import { changelogName } from '../../../topology/graph.ts'
import { topicName } from '../../../schemas/topics.ts'
import { appOf } from '../../../topology/runner.ts'
import { anyOf, type Fault } from '../fault.ts'

/** The session timeout is 6 s: others have the tasks when it wakes. */
const ASLEEP_MS = 9_000
const STORM_MS = 12_000
const REBALANCE_EVERY_MS = 2_000

export const zombie: Fault = {
  number: 6,
  name: 'zombie',
  about: 'SIGSTOP of a worker for longer than its session, then SIGCONT: it goes on where it was, and must be fenced',
  async strike(shop, at) {
    const worker = anyOf(shop.workers, at)
    worker.signal('SIGSTOP')
    await wait(ASLEEP_MS)
    worker.signal('SIGCONT')
  },
}

export const allAsleep: Fault = {
  number: 6,
  name: 'all-asleep',
  about: 'SIGSTOP of every worker at once for longer than their sessions, then SIGCONT of all',
  async strike(shop) {
    for (const worker of shop.workers) worker.signal('SIGSTOP')
    await wait(ASLEEP_MS)
    for (const worker of shop.workers) worker.signal('SIGCONT')
  },
}

export const rebalanceStorm: Fault = {
  number: 5,
  name: 'rebalance-storm',
  about: 'every two seconds a member that does nothing joins the groups of user and item stage, or leaves them',
  async strike(shop, { progress }) {
    const { log, topology } = shop.parts
    const nameOf = (topic: { readonly name: string }) => topicName(topic, shop.namespace)
    const untilMs = performance.now() + STORM_MS
    for (let round = 1; performance.now() < untilMs; round++) {
      progress(`rebalance ${2 * round - 1}`)
      const members = await Promise.all(
        topology.stages.map(stage =>
          log.consume({
            group: `${appOf(shop.namespace)}.${stage.name}`,
            topics: [...stage.inputs.map(nameOf), nameOf({ name: changelogName(stage) })],
            assignment: 'copartition',
            onAssign: () => undefined,
            onBatch: async () => undefined,
            onCrash: () => undefined,
          }),
        ),
      )
      await wait(REBALANCE_EVERY_MS)
      await Promise.all(members.map(member => member.stop()))
      await wait(REBALANCE_EVERY_MS)
    }
  },
}

export const twoOwners: Fault = {
  number: 7,
  name: 'two-owners',
  about: 'a worker in groups of its own believes that all tasks are its: fencing alone keeps the counts',
  async strike(shop, at) {
    const worker = anyOf(shop.workers, at)
    await worker.stop()
    worker.start({ CHAOS_GROUP: 'intruder' }, ['./preload/other-group.ts'])
    await worker.said('that a task runs', line => line.msg === 'task is running')
    await wait(STORM_MS)
    await worker.stop()
  },
}
