/** Between processes and broker: answers that never come, delay, connections that end; and the broker itself. */
import { setTimeout as wait } from 'node:timers/promises'
import { anyOf, below, type Fault, once } from '../fault.ts'
import { kafkaTap } from '../kafka-frames.ts'

const SPREAD = 20
/** One such delay each way lets every commit outlive its transaction, 3 s. */
const LONG_DELAY_MS = 700
const SHORT_DELAY_MS = 60
const SLOW_MS = 8_000
/** Longer than a session. */
const AWAY_MS = 8_000
const CUTS = 8
const PAUSE_MS = 500

const LOST = [
  ['endTxn', 'user', 'cut'],
  ['produce', 'user', 'cut'],
  ['endTxn', 'item', 'cut'],
  ['initProducerId', 'user', 'cut'],
  ['produce', '', 'cut'],
  ['endTxn', 'user', 'drop'],
] as const

export const lostAnswers: Fault = {
  number: 2,
  name: 'lost-answers',
  about:
    'the broker has done what was asked, and its answer is lost: of EndTxn, Produce and InitProducerId, with and without the connection',
  async strike(shop, at) {
    for (const [step, stage, verdict] of LOST) {
      at.progress(`${step} of ${stage || 'a view'}, ${verdict}`)
      const worker = anyOf(shop.workers, at)
      // Only an opening asks for the id.
      if (step === 'initProducerId') {
        await worker.kill()
        worker.start()
      }
      let left = step === 'endTxn' && stage === 'user' ? 1 + below(SPREAD, at) : 1
      const isIt = (passing: { step: string; stage: string; isAnswer: boolean }) =>
        passing.step === step && passing.stage === stage && passing.isAnswer && --left === 0
      await once(`the answer of ${step}`, shop, worker, passing => (isIt(passing) ? verdict : undefined))
      await wait(PAUSE_MS)
    }
  },
}

export const slowNetwork: Fault = {
  number: 2,
  name: 'slow-network',
  about: 'every frame to and from the broker is late, by a little first, then by so much that transactions time out',
  async strike({ world }, { progress }) {
    for (const delayMs of [SHORT_DELAY_MS, LONG_DELAY_MS]) {
      progress(`${delayMs} ms each way`)
      world.kafka.delayMs = delayMs
      await wait(SLOW_MS)
    }
  },
}

export const cutConnections: Fault = {
  number: 2,
  name: 'cut-connections',
  about:
    'all connections to the broker end at once, again and again; then none can be opened for longer than a session',
  async strike({ world }, { progress }) {
    for (let cut = 0; cut < CUTS; cut++) {
      world.kafka.cut()
      await wait(PAUSE_MS)
    }
    progress('nobody gets through')
    world.kafka.isAway = true
    await wait(AWAY_MS)
  },
}

export const partitioned: Fault = {
  number: 6,
  name: 'partitioned',
  about:
    'one worker is cut off from the broker, not from Redis, for longer than its session; others have its tasks then',
  async strike(shop, at) {
    const clientId = shop.clientId(anyOf(shop.workers, at).name)
    shop.world.kafka.tap = kafkaTap(passing => (passing.clientId === clientId ? 'cut' : 'pass'))
    await wait(AWAY_MS)
  },
}

export const brokerRestart: Fault = {
  number: 4,
  name: 'broker-restart',
  about: 'the broker is killed and comes back, then it is stopped in order and comes back',
  async strike({ world }, { progress }) {
    const broker = world.service('kafka')
    progress('kill −9')
    await broker.restart()
    await wait(AWAY_MS / 2)
    progress('SIGTERM')
    await broker.kill('SIGTERM')
    await wait(AWAY_MS / 4)
    await broker.restart()
  },
}
