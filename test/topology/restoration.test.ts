import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defaultFolds } from '../../processors/options.ts'
import { barrierKey, dataKey, type Progress, progressKey, slotsOf } from '../../topology/changelog.ts'
import type { Stage } from '../../topology/graph.ts'
import { recommender } from '../../topology/recommender.ts'
import { Restoration } from '../../topology/restoration.ts'
import { TaskState } from '../../topology/state.ts'

const user = recommender(defaultFolds, {}).stages[0] as Stage
const slots = slotsOf(user)
/** The processor with a table, and one without. */
const profile = user.processors.findIndex(one => one.tables)
const session = user.processors.findIndex(one => one.store?.name === 'session')

class Changelog {
  readonly restoration = new Restoration(new TaskState(user), user)
  #offset = 0

  take(key: Buffer, value: Buffer | null): boolean {
    const record = { topic: 't', partition: 0, offset: this.#offset++, timestampMs: 0, headers: {} }
    return this.restoration.take({ ...record, key, value }, 'mine')
  }
  /** A tombstone: whose it is counts here, not what it says. */
  write(processor: number, key: string): void {
    this.take(
      dataKey(
        slots.findIndex(slot => slot.processor === processor),
        0,
        key,
      ),
      null,
    )
  }
  progress(publishedUpTo: Progress['publishedUpTo']): void {
    const progress = { hash: '', positions: {}, commit: 1, publishedUpTo, appliedUpTo: {} }
    this.take(progressKey, Buffer.from(JSON.stringify(progress)))
  }
}

describe('a restoration', () => {
  it('knows what may not have been published, in order of the last write, of processors with tables alone', () => {
    const log = new Changelog()
    log.write(profile, 'before')
    log.progress('all')
    log.write(profile, 'a')
    log.write(profile, 'b')
    log.write(session, 's')
    log.write(profile, 'a')
    assert.deepEqual(log.restoration.takeUnpublished(), [
      { processor: profile, key: 'b', offset: 3 },
      { processor: profile, key: 'a', offset: 5 },
    ])
    assert.deepEqual(log.restoration.takeUnpublished(), [])
  })

  it('leaves out what a progress calls published, up to its offset and no further', () => {
    const log = new Changelog()
    for (const key of ['a', 'b', 'c']) log.write(profile, key)
    log.progress(1)
    log.write(profile, 'd')
    log.progress(0) // an older one takes nothing back
    assert.deepEqual(
      log.restoration.takeUnpublished().map(({ key }) => key),
      ['c', 'd'],
    )
  })

  it('ends at its own barrier, and says once how much it has read', () => {
    const log = new Changelog()
    log.write(profile, 'a')
    assert.equal(log.take(barrierKey, Buffer.from('another')), false)
    assert.equal(log.take(barrierKey, Buffer.from('mine')), true)
    assert.deepEqual(log.restoration.takeRestored(), { records: 3, bytes: 5 + 1 + 7 + 1 + 4 })
    assert.deepEqual(log.restoration.takeRestored(), { records: 0, bytes: 0 })
  })
})
