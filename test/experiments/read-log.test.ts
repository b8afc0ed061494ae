/** Logs from files of any columns: what is understood, what is left out and why. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { eventMapping } from '../../experiments/event-columns.ts'
import { readEventFiles } from '../../experiments/read-log.ts'

const directory = mkdtempSync(join(tmpdir(), 'freshet-log-'))
after(() => rmSync(directory, { recursive: true }))
const file = (name: string, text: string): string => {
  const path = join(directory, name)
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text)
  return path
}
const MAP = 'visitorId=who,itemId=what,occurredAt=when,type=did'

const same = [
  { name: 'CSV', path: 'a.csv', text: 'who,what,when,did\nu,b,1600000060,like\nu,a,1600000000,view\n' },
  { name: 'TSV', path: 'a.tsv', text: 'who\twhat\twhen\tdid\nu\tb\t1600000060.0\tlike\nu\ta\t1600000000.0\tview\n' },
  {
    name: 'JSONL, gzipped, times in ms and as text',
    path: 'a.jsonl.gz',
    text: '{"who":"u","what":"b","when":1600000060000,"did":"like"}\n{"who":"u","what":"a","when":"2020-09-13T12:26:40Z","did":"view"}\n',
  },
]
for (const { name, path, text } of same)
  test(`${name}: columns by the mapping, rows in order of their time`, async () => {
    const log = await readEventFiles({ events: file(path, text), map: MAP })
    assert.deepEqual([log.users, log.items], [['u:u'], ['a', 'b']])
    assert.deepEqual([...log.atMs], [1_600_000_000_000, 1_600_000_060_000])
    assert.deepEqual([...log.weight], [1, 2])
  })

test('the same events have the same hash, whatever the file', async () => {
  const hashes = await Promise.all(
    same.map(({ path, text }) => readEventFiles({ events: file(path, text), map: MAP }).then(log => log.hash)),
  )
  assert.equal(new Set(hashes).size, 1)
})

test('an anonymous visitor, a session, a type for all and a value', async () => {
  const path = file('b.csv', 'session,itemId,occurredAt,stars\n1,a,1600000000,5\n1,b,1600000001,4\n')
  const log = await readEventFiles({
    events: path,
    map: 'anonymousId=session,sessionId=session,value=stars',
    type: 'click',
    minValue: 5,
  })
  assert.deepEqual([log.users, log.items], [['a:1'], ['a']])
  assert.equal(log.interactions[0]?.type, 'click')
  assert.deepEqual([...log.leftOut], [['value below 5', 1]])
})

test('training and test: the test begins behind the training, also where it overlaps in time', async () => {
  const train = [file('t1.csv', 'userId,itemId,occurredAt\nu,a,1600000000\n'), file('t2.csv', 'userId,itemId,occurredAt\nu,b,1500000000\n')] // biome-ignore format: one line
  const test = file('test.csv', 'userId,itemId,occurredAt\nu,c,1400000000\n')
  const log = await readEventFiles({ events: { train, test }, map: '' })
  assert.deepEqual(log.items, ['b', 'a', 'c'])
  assert.equal(log.testFrom, 2)
})

test('a catalogue is read as freshet import reads it', async () => {
  const events = file('c.csv', 'userId,itemId,occurredAt\nu,a,1600000000\n')
  const items = file('items.csv', 'sku,name,path\na,A,x>y\nb,B,x\n')
  const log = await readEventFiles({ events, map: '', items, itemMap: 'id=sku,title=name,categories=path:>' })
  assert.deepEqual(log.catalogue.get('a')?.categories, ['x', 'y'])
  assert.deepEqual(log.items, ['a', 'b'])
})

test('rows that cannot be read are left out and counted by their reason', async () => {
  const path = file('d.csv', 'userId,itemId,occurredAt,value\nu,a,1600000000,1\n,a,1600000000,1\nu,a,soon,1\nu,a,,1\nu,a,1600000000,much\n') // biome-ignore format: one line
  const log = await readEventFiles({ events: path, map: '' })
  assert.equal(log.interactions.length, 1)
  assert.deepEqual(
    [...log.leftOut],
    [['userId: wanted an id', 1], ['occurredAt: wanted a time', 2], ['value: wanted a number', 1]], // biome-ignore format: one line
  )
})

test('a file of which nothing could be read says why, with the columns it has', async () => {
  const path = file('e.csv', 'a,b\n1,2\n')
  await assert.rejects(
    readEventFiles({ events: path, map: '' }),
    /e\.csv:2: userId: wanted an id, got none; columns are a, b/,
  )
})

test('a mapping of a field there is not, or of no form, is told', () => {
  assert.throws(() => eventMapping('viewer=u'), /viewer: no such field of an event; wanted visitorId/)
  assert.throws(() => eventMapping('itemId'), /itemId: wanted field=column/)
})
