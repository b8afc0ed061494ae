import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProcessView } from '../../connectors/process-view.ts'
import { keys, MAX_LIST_AGE_SECONDS, TOMBSTONE_TTL_SECONDS } from '../../schemas/keys.ts'
import { viewConformance } from '../conformance/view.ts'

viewConformance('process memory', async () => {
  const view = new ProcessView({ now: () => 0 })
  return { view, flush: async () => view.clear(), close: () => view.close() }
})

const version = { generation: 0, offset: 1 }
const list = (visitor: string) =>
  ({ kind: 'user', visitor, field: 'c', version, value: Buffer.from('c'), rec: '{"listId":"l"}' }) as const

test('a list lives up to its lifetime and not at it', async () => {
  let nowMs = 0
  const view = new ProcessView({ now: () => nowMs })
  await view.write([list('u:1')])
  nowMs = MAX_LIST_AGE_SECONDS * 1000 - 1
  assert.equal((await view.readUser('u:1')).c?.toString(), 'c')
  nowMs++
  assert.deepEqual(await view.readUser('u:1'), {})
  assert.deepEqual(await view.readValues([{ key: keys.rec, id: '1' }]), [undefined])
})

test('a tombstone is forgotten after its lifetime', async () => {
  let nowMs = 0
  const view = new ProcessView({ now: () => nowMs })
  const write = (offset: number, value: '{"a":1}' | null) =>
    view.write([{ kind: 'value', key: keys.next, id: 'x', version: { generation: 0, offset }, value }])
  await write(5, null)
  nowMs = TOMBSTONE_TTL_SECONDS * 1000 - 1
  await write(4, '{"a":1}')
  assert.deepEqual(await view.readValues([{ key: keys.next, id: 'x' }]), [undefined])
  nowMs++
  await write(4, '{"a":1}')
  assert.deepEqual(await view.readValues([{ key: keys.next, id: 'x' }]), ['{"v":[0,4],"a":1}'])
})

test('one visitor past the bound pushes out the one written longest ago', async () => {
  const view = new ProcessView({ now: () => 0, maxUsers: 2 })
  await view.write([list('u:1'), list('u:2')])
  await view.write([{ kind: 'user', visitor: 'u:1', field: 's', version, value: Buffer.from('s') }])
  await view.write([list('u:3')])
  assert.deepEqual(await view.readUser('u:2'), {})
  assert.deepEqual(Object.keys(await view.readUser('u:1')), ['c', 's'])
})
