/** The graph as a method: it learns through the real stages, freezes, and is the same again when led through the same log. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluate } from '../../experiments/evaluate.ts'
import { evaluateMethods } from '../../experiments/evaluate-methods.ts'
import { protocolOf } from '../../experiments/protocols/protocols.ts'
import type { Step } from '../../experiments/protocols/step.ts'
import { EventClock } from '../../experiments/system/event-clock.ts'
import { freshet } from '../../experiments/system/freshet.ts'
import { logOf } from './logs.ts'

test('the clock: what fell due while it was moved rings once, in order of time, and not once it was stopped', async () => {
  const clock = new EventClock(0)
  const rung: string[] = []
  clock.every(10, () => rung.push(`ten@${clock.now()}`))
  const stop = clock.every(25, () => rung.push('never'))
  clock.every(20, () => {
    rung.push('twenty')
    stop()
  })
  const waited = clock.wait(30).then(() => rung.push('waited'))
  clock.moveTo(9)
  assert.deepEqual(rung, [])
  clock.moveTo(1_000)
  assert.deepEqual(rung, ['ten@1000', 'twenty'])
  await waited
  clock.moveTo(500) // the past
  assert.equal(clock.now(), 1_000)
  clock.moveTo(1_010)
  assert.equal(rung.at(-1), 'ten@1010')
})

/** Ten visitors of a, b, c in turn, then z looks at a. */
const WORDS = `${Array.from({ length: 10 }, (_, n) => `v${n}:a v${n}:b v${n}:c`).join(' ')} z:a@100 z:b@101 z:d@102`

const lastAsk = (steps: readonly Step[]) => steps.filter(step => step.kind === 'ask').at(-1) as Step & { kind: 'ask' }

async function led(words: string, protocol: string, split: number) {
  const log = logOf(words)
  const method = await freshet(log, { asks: 'list', surface: 'home' })
  try {
    const steps = [...protocolOf(protocol, log, { seed: 1, split }).steps()]
    const answers = await evaluate(log, protocolOf(protocol, log, { seed: 1, split }), method, { k: 5 })
    const items = answers.lists.map(list => list.map(item => log.items[item]).join(''))
    return { items, ask: lastAsk(steps), ceiling: answers.ceiling }
  } finally {
    await method.close?.()
  }
}

test('what visitors have viewed together is recommended to the next one, and what they have seen is not', async () => {
  const { items, ceiling } = await led(WORDS, 'prequential', 0)
  assert.equal(items[0], '') // nothing is known of anything
  assert.equal(items.at(-2), 'cb'.split('').sort().join('')) // z has seen a; b and c go with it
  assert.equal(items.at(-1), 'c') // and now b too
  assert.ok((ceiling.get('co-occurrence') ?? 0) > 0)
  assert.ok((ceiling.get('union') ?? 0) >= (ceiling.get('co-occurrence') ?? 0))
})

test('a list that has grown old meanwhile is built anew before its visitor asks, as the sweep would have', async () => {
  // When z saw a, nothing was known of it; a week of others later b goes with it, and z comes back.
  const others = Array.from({ length: 10 }, (_, n) => `v${n}:a@${10 + n} v${n}:b@${10 + n}`).join(' ')
  const { ceiling } = await led(`z:a@0 ${others} z:b@9000`, 'split/known-removed/streaming', 21 / 22)
  assert.equal(ceiling.get('co-occurrence'), 1)
})

test('led through the same log again it answers the same', async () => {
  assert.deepEqual((await led(WORDS, 'prequential', 0)).items, (await led(WORDS, 'prequential', 0)).items)
})

test('frozen, what others do is counted no more and a visitor has their own list all the same', async () => {
  // After the split d is viewed by ten visitors with a; z comes last, sees a, and asks for d.
  const after = Array.from({ length: 10 }, (_, n) => `w${n}:a@${200 + n} w${n}:d@${200 + n}`).join(' ')
  const words = `${Array.from({ length: 10 }, (_, n) => `v${n}:a v${n}:b`).join(' ')} ${after} z:a@300 z:d@301`
  const split = 20 / 42
  const streaming = await led(words, 'split/known-removed/streaming', split)
  const frozen = await led(words, 'split/known-removed/frozen', split)
  assert.match(streaming.items.at(-1) ?? '', /d/)
  assert.doesNotMatch(frozen.items.at(-1) ?? '', /d/)
  assert.equal(frozen.items.at(-1), 'b') // a list of their own: a is known
})

test('freshet-frozen stands still from the fit at the split on, in a protocol that learns on', async () => {
  const after = Array.from({ length: 10 }, (_, n) => `w${n}:a@${200 + n} w${n}:d@${200 + n}`).join(' ')
  const log = logOf(`${Array.from({ length: 10 }, (_, n) => `v${n}:a v${n}:b`).join(' ')} ${after} z:a@300 z:d@301`)
  const options = { protocol: 'split', methods: ['freshet', 'freshet-frozen'], ks: [5], seed: 1, split: 20 / 42 }
  const main = { metric: 'HR', k: 5 } as const
  const { methods } = await evaluateMethods(log, { ...options, main })
  const [learning, frozen] = methods.map(method => method.figures['HR@5']?.mean ?? 0)
  assert.ok((learning ?? 0) > 0.4 && (frozen ?? 0) < (learning ?? 0), `${learning} and ${frozen}`)
})

test('a cart is answered with what was bought with its items', async () => {
  const orders = Array.from({ length: 5 }, (_, n) => `v${n}:a!purchase#o${n} v${n}:b!purchase#o${n}`).join(' ')
  const log = logOf(`${orders} w:c!purchase#p z:a!purchase#q z:b!purchase#q`)
  const method = await freshet(log, { asks: 'cart', surface: 'again' })
  try {
    const protocol = protocolOf('held-item', log, { seed: 1, split: 11 / 13 })
    const { lists, asked } = await evaluate(log, protocol, method, { k: 1 })
    assert.deepEqual(
      lists.map(list => list[0]),
      asked.map(one => one.next[0]),
    )
    assert.equal(lists.length, 1)
  } finally {
    await method.close?.()
  }
})
