import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SCALE } from '../../processors/decay.ts'
import type { ItemEvent } from '../../processors/events.ts'
import { itemFeatures } from '../../processors/item-features.ts'
import { defaultFolds } from '../../processors/options.ts'
import type { CataloguedItem } from '../../schemas/catalogued-item.ts'
import type { ItemFeatures } from '../../schemas/item-features.ts'
import type { ItemStatistics } from '../../schemas/item-statistics.ts'
import { SIGNAL } from '../../schemas/signals.ts'
import { Drive } from './drive.ts'
import { DAY_MS, delta, deltaEvent, deltasOf, EPOCH_MS, itemOf, sentItem, sentItems } from './item-events.ts'

const processor = itemFeatures(defaultFolds)
const AT = { partition: 0, offset: 0, appendedAtMs: 0 }
const EPOCH = Math.floor(EPOCH_MS / (8 * defaultFolds.pairHalfLifeMs))
type State = { facts: CataloguedItem | undefined; statistics: ItemStatistics | undefined }

const lamp = itemOf({ title: 'Lamp' })
const catalogue = (itemId: string, item = lamp as typeof lamp | null): ItemEvent => ({
  kind: 'catalogue',
  itemId,
  item,
})
const viewed = (itemId: string, days = 0, amount = 1): ItemEvent =>
  deltasOf(itemId, EPOCH_MS + days * DAY_MS, [
    delta(SIGNAL.count, 'view', amount),
    delta(SIGNAL.viewedNorm, '', 2 * amount),
  ])

function featuresOf(events: readonly ItemEvent[], itemId = 'a'): ItemFeatures {
  const drive = new Drive([processor])
  drive.sendAll(sentItems(events))
  return processor.tables?.[0]?.records(itemId, drive.stateOf<State>('item-features', itemId), AT)[0]?.value
}

test('events are counted by type, and norms fade', () => {
  const { counts, viewedNorm, boughtNorm, newestMs } = featuresOf([
    viewed('a', 60),
    viewed('a'),
    deltasOf('a', EPOCH_MS, [delta(SIGNAL.count, 'purchase', 1), delta(SIGNAL.boughtNorm, '', 1)]),
  ])
  assert.deepEqual(counts, { view: 2, purchase: 1 })
  assert.deepEqual(viewedNorm, [{ epoch: EPOCH, sum: (4 + 2) * SCALE }])
  assert.deepEqual(boughtNorm, [{ epoch: EPOCH, sum: SCALE }])
  assert.equal(newestMs, EPOCH_MS + 60 * DAY_MS)
})

test('rows are given at first mention, whatever mentions the item, and stay', () => {
  const events = [viewed('b'), catalogue('a'), viewed('c'), viewed('b'), catalogue('a', null)]
  assert.deepEqual(
    ['a', 'b', 'c'].map(itemId => featuresOf(events, itemId).row),
    [1, 0, 2],
  )
})

test('rows of different partitions never meet', () => {
  const none: State = { facts: undefined, statistics: undefined }
  const row = (storeSize: number, partition: number) =>
    processor.step(none, viewed('a'), { origin: AT, partition, partitions: 4, storeSize }).state?.facts?.row
  assert.deepEqual([row(0, 0), row(0, 3), row(1, 0), row(7, 2)], [0, 3, 4, 30])
})

test('a change of the catalogue is published at once, with the counts', () => {
  const drive = new Drive([processor])
  drive.send(sentItem(viewed('a')))
  const { published } = drive.send(sentItem(catalogue('a')))
  const value = published[0]?.value as ItemFeatures
  assert.deepEqual([published.length, value.item?.title, value.counts], [1, 'Lamp', { view: 1 }])
})

test('a tombstone of the catalogue leaves row, counts and the last facts, as of an item that is not available', () => {
  const { item, counts } = featuresOf([catalogue('a'), viewed('a'), catalogue('a', null)])
  assert.deepEqual([item?.title, item?.available, counts], ['Lamp', false, { view: 1 }])
})

test('a tombstone of an item that the catalogue never held says nothing of it', () => {
  const { item } = featuresOf([viewed('a'), catalogue('a', null)])
  assert.equal(item, null)
})

test('deltas that are not its own change nothing once the item has a row', () => {
  const drive = new Drive([processor])
  drive.send(sentItem(viewed('a')))
  const pair = deltasOf('a', EPOCH_MS, [delta(SIGNAL.viewedWith, 'b', 2)])
  assert.deepEqual(drive.send(sentItem(pair)).touched, [])
})

test('any order of arrival, with takings back among it, gives the same counts and norms', () => {
  const canonical = (events: readonly ItemEvent[]) => {
    const drive = new Drive([processor])
    drive.sendAll(sentItems([viewed('a'), ...events])) // the same first mention
    return processor.store?.canonical?.(drive.stateOf<State>('item-features', 'a'))
  }
  const events = fc.array(deltaEvent(fc.constant('a')), { maxLength: 30, size: 'max' })
  const arrivals = fc.tuple(events, events).chain(([kept, taken]) => {
    const back = taken.map(one => ({ ...one, deltas: one.deltas.map(of => ({ ...of, amount: -of.amount })) }))
    const all = [...kept, ...taken, ...back]
    return fc.tuple(fc.constant(kept), fc.shuffledSubarray(all, { minLength: all.length }))
  })
  fc.assert(
    fc.property(arrivals, ([kept, all]) => assert.deepEqual(canonical(all), canonical(kept))),
    { numRuns: 50 },
  )
})
