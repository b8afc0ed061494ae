/**
 * The metamorphic law: the same input, whatever the number of partitions, the cuts of the commits, the order in which tasks
 * have their turn, crashes and redeliveries, leaves bit-equal digests of all D and C state.
 */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { Answered, Asked, Way } from './law-worker.ts'

const INPUTS = [1, 2, 3, 4]
const PARTITIONS = [1, 4, 12]
const SEEDS_EACH = 3
const STORES = 9

const waysOf = (input: number): Way[] =>
  PARTITIONS.flatMap(partitions => [
    { partitions, seed: undefined },
    ...Array.from({ length: SEEDS_EACH }, (_, n) => ({ partitions, seed: 7_000 + 100 * input + 10 * n + partitions })),
  ])

async function answersTo(asked: Asked): Promise<Answered[]> {
  const worker = new Worker(new URL('./law-worker.ts', import.meta.url))
  try {
    return await new Promise((resolve, reject) => {
      worker.once('message', resolve).once('error', reject)
      worker.postMessage(asked)
    })
  } finally {
    await worker.terminate()
  }
}

describe('one input in many ways', { concurrency: 2 }, () => {
  const filled = new Set<string>()
  after(() => assert.equal(filled.size, STORES, 'every store of D and C held something'))
  for (const input of INPUTS)
    it(`leaves the same digests, input ${input}`, async context => {
      const [first, ...others] = await answersTo({ input, ways: waysOf(input) })
      assert(first)
      for (const { store, keys } of first.digests) if (keys > 0) filled.add(store)
      for (const { way, digests, breach } of [first, ...others]) {
        const how = `${way.partitions} partitions, ${way.seed === undefined ? 'nothing wrong' : `seed ${way.seed}`}`
        assert.equal(breach, undefined, how)
        assert.deepEqual(digests, first.digests, how)
      }
      const faults = others.reduce((sum, one) => sum + one.faults, 0)
      context.diagnostic(`${others.length + 1} ways, ${faults} faults and actions`)
    })

  it('leaves other digests where a frame that comes twice counts twice', async () => {
    for (const input of INPUTS) {
      const [quiet, ...troubled] = await answersTo({ input, ways: waysOf(input), planted: 'frames-twice' })
      if (troubled.some(one => JSON.stringify(one.digests) !== JSON.stringify(quiet?.digests))) return
    }
    assert.fail('no way of any input left other digests')
  })
})
