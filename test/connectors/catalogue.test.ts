import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { importCatalogue } from '../../connectors/catalogue.ts'
import { MemoryRegistry } from '../../connectors/embedded/memory-registry.ts'
import { fieldMapping, itemTarget, mappedRows, userTarget } from '../../connectors/fields.ts'
import type { Row } from '../../connectors/rows.ts'
import { partitionOf } from '../../schemas/ids.ts'
import { topics } from '../../schemas/topics.ts'
import { Wire } from '../../schemas/wire.ts'
import { readToEnd } from '../../topology/read-to-end.ts'
import { SimulatedLog } from '../../topology/simulated-log.ts'

const PARTITIONS = 3
const rowsOf = (...columns: Record<string, unknown>[]): Row[] =>
  columns.map((one, at) => ({ line: at + 1, columns: one }))
async function* stream<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values
}

async function shop() {
  const log = new SimulatedLog()
  const settings = { cleanup: 'compact', retentionMs: -1, appendTime: false } as const
  await log.ensureTopics([{ name: topics.items.name, partitions: PARTITIONS, ...settings }])
  const wire = await Wire.open(new MemoryRegistry(), 'freshet', [topics.items])
  const load = (rows: readonly Row[], mapping = '') =>
    importCatalogue({
      topic: topics.items,
      rows: mappedRows(stream(rows), itemTarget, fieldMapping(mapping, itemTarget)),
      log,
      wire,
      namespace: 'freshet',
      readAll: (topic, each) => readToEnd(log, [topic], each),
    })
  const table = async () => {
    const titles = new Map<string, string>()
    await readToEnd(log, [topics.items.name], ({ key, value, partition }) => {
      assert.equal(partition, partitionOf(String(key), PARTITIONS))
      titles.set(String(key), wire.decode(topics.items, value).title)
    })
    return Object.fromEntries([...titles].sort())
  }
  return { load, table }
}

describe('catalogue import', () => {
  it('writes what is new or changed, and nothing else', async () => {
    const { load, table } = await shop()
    const first = await load(rowsOf({ id: 'a', title: 'A' }, { id: 'b', title: 'B', price: '2.50' }))
    assert.deepEqual([first.written, first.unchanged, first.bad], [2, 0, 0])
    const again = await load(rowsOf({ id: 'a', title: 'A' }, { id: 'b', title: 'B', price: 2.5 }))
    assert.deepEqual([again.written, again.unchanged], [0, 2])
    const changed = await load(
      rowsOf({ id: 'a', title: 'A2' }, { id: 'b', title: 'B', price: 2.5 }, { id: 'c', title: 'C' }),
    )
    assert.deepEqual([changed.written, changed.unchanged], [2, 1])
    assert.deepEqual(await table(), { a: 'A2', b: 'B', c: 'C' })
  })

  it('a title cut within a character is mended, a number too great for a vector is a bad line', async () => {
    const { load, table } = await shop()
    const result = await load(
      rowsOf({ id: 'a', title: 'shoe \ud83c', tags: ['\ud83c'] }, { id: 'b', embedding: [1e39] }),
    )
    assert.deepEqual([result.written, result.bad, result.problems[0]?.line], [1, 1, 2])
    assert.deepEqual(await table(), { a: 'shoe \ufffd' })
  })

  it('lists bad lines by number and imports the rest', async () => {
    const { load, table } = await shop()
    const rows: Row[] = [
      { line: 2, columns: { id: 'a', title: 'A' } },
      { line: 3, columns: { id: '', title: 'none' } },
      { line: 4, problem: 'wanted 2 fields' },
      { line: 5, columns: { id: 'b', price: 'cheap' } },
      { line: 6, columns: { id: 'x'.repeat(257) } },
      { line: 7, columns: { id: 'c', available: 'maybe' } },
      { line: 8, columns: { id: 'd', title: 'D', available: '0' } },
    ]
    const result = await load(rows)
    assert.equal(result.written, 2)
    assert.equal(result.bad, 5)
    assert.deepEqual(
      result.problems.map(one => `${one.line}: ${one.problem}`),
      [
        '3: id: wanted a non-empty string, got ""',
        '4: wanted 2 fields',
        '5: price: wanted a finite number, got "cheap"',
        '6: id: wanted at most 256 bytes of UTF-8, got 257',
        '7: available: wanted true, false, 1 or 0, got "maybe"',
      ],
    )
    assert.deepEqual(await table(), { a: 'A', d: 'D' })
  })
})

describe('field mapping', () => {
  it('renames columns, splits lists and keeps the rest as properties', async () => {
    const mapping = fieldMapping('id=sku,title=name,categories=path:>,tags=words:;', itemTarget)
    const columns = {
      sku: 7,
      name: ' N ',
      path: 'a > b',
      words: 'x;;y',
      color: 'red',
      embedding: '[0.5, 1]',
      publishedAt: '2020-01-02',
    }
    const [row] = await Array.fromAsync(mappedRows(stream(rowsOf(columns)), itemTarget, mapping))
    assert.ok(row && 'value' in row)
    const { title, categories, tags, properties, embedding, publishedAt } = row.value
    assert.deepEqual(
      { id: row.id, title, categories, tags, properties, embedding, publishedAt },
      {
        id: '7',
        title: 'N',
        categories: ['a', 'b'],
        tags: ['x', 'y'],
        properties: { color: 'red' },
        embedding: [0.5, 1],
        publishedAt: Date.UTC(2020, 0, 2),
      },
    )
  })

  it('refuses a field that does not exist', () => {
    assert.throws(() => fieldMapping('titel=name', itemTarget), /titel: no such field; wanted id, title/)
    assert.throws(() => fieldMapping('title', itemTarget), /wanted field=column/)
    assert.throws(() => fieldMapping('title=name', userTarget), /no such field/)
  })
})
