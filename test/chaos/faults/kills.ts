/** kill −9 at named steps, which are seen on the wire: what was about to be sent, or to be heard, never is. */
import { setTimeout as wait } from 'node:timers/promises'
import { topicName, topics } from '../../../schemas/topics.ts'
import { anyOf, below, type Fault, killAt, startAgain } from '../fault.ts'
import { type ForeignRecord, readForeign } from '../foreign-reader.ts'
import type { Shop } from '../shop.ts'

const KILLS = 3
const AWAY_MS = 1_000
/** Up to so many commits pass before the one that is struck. */
const SPREAD = 30
/** A fetch that brings state has more than its frame. */
const MIN_STATE_BYTES = 2_000

export const killBeforeCommit: Fault = {
  number: 1,
  name: 'kill-before-commit',
  about: 'kill −9 between the last send of a transaction and its EndTxn, of user and item tasks in turns',
  async strike(shop, at) {
    for (let kill = 0; kill < KILLS; kill++) {
      const stage = kill % 2 === 0 ? 'user' : 'item'
      const nth = 1 + below(stage === 'user' ? SPREAD : 4, at)
      at.progress(`kill ${kill + 1} of ${KILLS}, ${stage} task`)
      const worker = anyOf(shop.workers, at)
      await killAt(
        `an EndTxn of a ${stage} task`,
        shop,
        worker,
        nth,
        one => one.step === 'endTxn' && one.stage === stage && !one.isAnswer,
      )
      await wait(AWAY_MS)
      startAgain(worker)
    }
  },
}

export const killBeforeRedis: Fault = {
  number: 3,
  name: 'kill-before-redis',
  about: 'kill −9 after a commit, before its answer is heard; and before what was committed is written into Redis',
  async strike(shop, at) {
    const [first, second] = [anyOf(shop.workers, at), anyOf(shop.workers, at)]
    at.progress('after a commit')
    await killAt(
      'the answer of an EndTxn',
      shop,
      first,
      1 + below(SPREAD, at),
      one => one.step === 'endTxn' && one.isAnswer,
    )
    startAgain(first)
    at.progress('before a write into Redis')
    const proxy = shop.redisProxy(second)
    await second.said('that its sink runs', line => line.msg === 'sink partition restored')
    let left = 1 + below(SPREAD, at)
    proxy.tap = ({ from, bytes }) => {
      if (from === 'server' || !bytes.includes('EVALSHA') || --left > 0) return 'pass'
      second.signal('SIGKILL')
      return 'drop'
    }
    await second.ended
    proxy.tap = undefined
    startAgain(second)
  },
}

/** Steps of an opening, as they pass: the id is fenced, the barrier is sent, it is committed, the state comes. */
const OPENINGS = [
  ['the answer of InitProducerId', 'initProducerId', true, 0],
  ['the commit of a barrier', 'endTxn', false, 0],
  ['the answer of that commit', 'endTxn', true, 0],
  ['state from the changelog', 'fetch', true, MIN_STATE_BYTES],
] as const

export const killInOpen: Fault = {
  number: 16,
  name: 'kill-in-open',
  about: 'kill −9 in every step of an opening: fenced, barrier sent, barrier committed, state on its way',
  async strike(shop, at) {
    const worker = anyOf(shop.workers, at)
    for (const [what, step, isAnswer, bytes] of OPENINGS) {
      at.progress(what)
      await worker.kill()
      let isOpening = false
      const killed = killAt(what, shop, worker, 1 + below(2, at), one => {
        // Topics are looked after in a transaction of their own.
        isOpening ||= one.stage === 'user' || one.stage === 'item'
        return isOpening && one.step === step && one.isAnswer === isAnswer && one.size >= bytes
      })
      worker.start()
      await killed
    }
    startAgain(worker)
  },
}

export const interleavedAborts: Fault = {
  number: 17,
  name: 'interleaved-aborts',
  about:
    'transactions of several user tasks end in aborts, side by side with commits, in the same partitions of signals.v1',
  async strike(shop, at) {
    for (let kill = 0; kill < 2 * KILLS; kill++) {
      at.progress(`kill ${kill + 1} of ${2 * KILLS}`)
      const worker = shop.worker(kill % shop.workers.length)
      await killAt(
        'an EndTxn of a user task',
        shop,
        worker,
        1 + below(3, at),
        one => one.step === 'endTxn' && one.stage === 'user' && !one.isAnswer,
      )
      startAgain(worker)
    }
    const aborted = await abortedSignals(shop)
    if (aborted === 0) throw new Error('signals.v1: wanted aborted records, got none: the kills came at the wrong time')
    at.progress(`${aborted} frames were aborted`)
  },
}

/** @returns how many records of signals.v1 stand in the log and are not to be seen */
async function abortedSignals({ world, namespace }: Shop): Promise<number> {
  const topic = topicName(topics.signals, namespace)
  const { brokers } = world.services
  const committed = await readForeign(brokers, topic)
  const ends = new Map(committed.map(({ partition, offset }) => [partition, offset]))
  const seen = new Set(committed.map(({ partition, offset }) => `${partition}:${offset}`))
  const all = await readForeign(brokers, topic, { isolation: 'read_uncommitted' })
  const isAborted = ({ partition, offset }: ForeignRecord) =>
    offset < (ends.get(partition) ?? 0) && !seen.has(`${partition}:${offset}`)
  return all.filter(isAborted).length
}
