import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProcessView } from '../../connectors/process-view.ts'
import { ItemMirror } from '../../server/item-mirror.ts'
import { item, NOW_MS } from './fixture.ts'

/** Counts what a refresh reads. */
class CountingView extends ProcessView {
  pagesRead = 0
  override itemPage(page: number) {
    this.pagesRead++
    return super.itemPage(page)
  }
}

test('reads every page once, then only those that changed', async () => {
  const view = new CountingView({ now: () => NOW_MS })
  const mirror = new ItemMirror(view)
  await mirror.refresh()
  assert.deepEqual([mirror.size, view.pagesRead], [0, 0])
  const all = Array.from({ length: 3_000 }, (_, index) => item(`i${index}`, { price: index })).flat()
  await view.write(all)
  await mirror.refresh()
  assert.equal(mirror.size, 3_000)
  assert.equal(mirror.facts('i2999')?.price, 2_999)
  const pages = (await view.itemPages()).size
  assert.equal(view.pagesRead, pages)
  await mirror.refresh()
  assert.equal(view.pagesRead, pages, 'nothing changed, nothing read')
  const [first] = all
  assert.ok(first?.kind === 'item' && first.row)
  const [changed] = item('i0', { title: 'New' }, 2)
  assert.ok(changed?.kind === 'item' && changed.row)
  await view.write([{ ...changed, row: { ...changed.row, page: first.row.page, row: first.row.row } }])
  await mirror.refresh()
  assert.equal(view.pagesRead, pages + 1)
  assert.equal(mirror.nameOf('i0'), 'New')
})

test('an item nobody has told of is neither gone nor named', async () => {
  const view = new ProcessView({ now: () => NOW_MS })
  const mirror = new ItemMirror(view)
  await view.write([...item('down', { available: false }), ...item('up')])
  await mirror.refresh()
  assert.deepEqual(
    ['down', 'up', 'unknown'].map(id => mirror.isGone(id)),
    [true, false, false],
  )
  assert.equal(mirror.nameOf('unknown'), 'unknown')
})
