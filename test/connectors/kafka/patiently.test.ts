import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { patiently } from '../../../connectors/kafka/patiently.ts'
import { FreshetError } from '../../../schemas/errors.ts'

const away = () => Object.assign(new Error('Request Metadata timed out'), { name: 'KafkaJSRequestTimeoutError' })
const never = () => false

/** @returns a question that fails so many times, and how often it was asked */
function failing(times: number, error: Error) {
  const asked = { count: 0 }
  const ask = async () => {
    if (++asked.count <= times) throw error
    return 'answer'
  }
  return { ask, asked }
}

describe('asking brokers', () => {
  it('goes on while none of them answers', async () => {
    const { ask, asked } = failing(3, away())
    assert.equal(await patiently(ask, never, { waitMs: 0 }), 'answer')
    assert.equal(asked.count, 4)
  })

  it('ends by name when time is up', async () => {
    const { ask } = failing(1, away())
    await assert.rejects(
      patiently(ask, never, { withinMs: 0 }),
      (error: unknown) => error instanceof FreshetError && error.code === 'KAFKA_UNAVAILABLE',
    )
  })

  it('ends at once where the answer is no, or nobody waits for it', async () => {
    const refused = failing(1, new Error('not authorized'))
    await assert.rejects(patiently(refused.ask, never), /not authorized/)
    const closed = failing(1, away())
    await assert.rejects(
      patiently(closed.ask, () => true),
      /timed out/,
    )
  })
})
