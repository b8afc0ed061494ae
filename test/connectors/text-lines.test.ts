import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { it } from 'node:test'
import { textLines } from '../../connectors/text-lines.ts'

it('a file that is not there fails the reading and nothing else', async t => {
  const uncaught = t.mock.fn()
  process.on('uncaughtException', uncaught)
  t.after(() => process.off('uncaughtException', uncaught))
  await assert.rejects(Array.fromAsync(textLines('/nowhere/rows.csv')), { code: 'ENOENT' })
  for (let turn = 0; turn < 20; turn++) await setImmediate()
  assert.equal(uncaught.mock.callCount(), 0)
})
