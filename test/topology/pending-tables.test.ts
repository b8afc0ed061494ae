import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Stage } from '../../topology/graph.ts'
import { PendingTables } from '../../topology/pending-tables.ts'
import { sample } from './sample.ts'

const WAIT_MS = 1_000 // of the coalesced table of the sample
const at = (offset: number) => ({ partition: 0, offset, appendedAtMs: 0 })
const keysOf = (pending: PendingTables, nowMs: number) => pending.due(nowMs).map(one => one.key)
const pendingTables = () => new PendingTables(sample().stages[0] as Stage)

describe('tables that wait', () => {
  it('are due a wait after their first change, with the last one', () => {
    const pending = pendingTables()
    pending.touch(0, 'ann', at(1), 0, 0)
    pending.touch(0, 'bob', at(2), 0, 10)
    pending.touch(0, 'ann', at(3), 5, 20)
    assert.deepEqual(keysOf(pending, WAIT_MS - 1), [])
    assert.deepEqual(
      pending.due(WAIT_MS).map(one => [one.key, one.at.offset]),
      [['ann', 3]],
    )
    assert.deepEqual(keysOf(pending, WAIT_MS + 10), ['ann', 'bob'])
    assert.equal(pending.nextDueMs, WAIT_MS)
  })

  it('stay until they are published, and wait anew after it', () => {
    const pending = pendingTables()
    pending.touch(0, 'ann', at(1), 0, 0)
    pending.touch(0, 'bob', at(2), 0, 500)
    pending.published(pending.due(WAIT_MS))
    assert.equal(pending.nextDueMs, WAIT_MS + 500)
    pending.touch(0, 'ann', at(3), 7, 1_200)
    assert.deepEqual(keysOf(pending, 2 * WAIT_MS + 199), ['bob'])
    assert.deepEqual(keysOf(pending, 2 * WAIT_MS + 200), ['bob', 'ann'])
  })

  it('say from which offset on state may be unpublished', () => {
    const pending = pendingTables()
    assert.equal(pending.unpublishedSince([]), 'all')
    pending.touch(0, 'ann', at(1), 3, 0)
    pending.touch(0, 'bob', at(2), 8, 10)
    pending.touch(0, 'ann', at(3), 9, 20)
    assert.equal(pending.unpublishedSince([]), 3)
    assert.equal(pending.unpublishedSince(pending.due(WAIT_MS)), 8)
    assert.equal(pending.unpublishedSince(pending.due(WAIT_MS + 10)), 'all')
  })

  it('keep their order through thousands that come and go', () => {
    const pending = pendingTables()
    const published: string[] = []
    for (let n = 0; n < 10_000; n++) {
      pending.touch(0, `v${n}`, at(n), n, n)
      const due = pending.due(n)
      assert.equal(pending.unpublishedSince(due), Math.max(0, n - WAIT_MS + 1))
      for (const { key } of due) published.push(key)
      pending.published(due)
    }
    assert.deepEqual(
      published,
      Array.from({ length: 10_000 - WAIT_MS }, (_, n) => `v${n}`),
    )
  })
})
