import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { csvRecords } from '../../connectors/csv.ts'
import { rowsOf } from '../../connectors/rows.ts'

const read = (text: string) => Array.fromAsync(csvRecords(text.split('\n')))

describe('csv', () => {
  const cases: { name: string; text: string; records: unknown[] }[] = [
    {
      name: 'plain fields',
      text: 'a,b\n,',
      records: [
        { line: 1, fields: ['a', 'b'] },
        { line: 2, fields: ['', ''] },
      ],
    },
    { name: 'a separator in quotes', text: '1,"a,b",2', records: [{ line: 1, fields: ['1', 'a,b', '2'] }] },
    { name: 'a doubled quote', text: '"say ""hi""",x', records: [{ line: 1, fields: ['say "hi"', 'x'] }] },
    {
      name: 'a line break in quotes',
      text: '"a\nb",c\nd,e',
      records: [
        { line: 1, fields: ['a\nb', 'c'] },
        { line: 3, fields: ['d', 'e'] },
      ],
    },
    { name: 'a quote inside an unquoted field', text: 'a"b,c', records: [{ line: 1, fields: ['a"b', 'c'] }] },
    {
      name: 'an empty line is left out',
      text: 'a\n\nb',
      records: [
        { line: 1, fields: ['a'] },
        { line: 3, fields: ['b'] },
      ],
    },
    {
      name: 'text after a closing quote is bad, the next line is not',
      text: '"a"b,c\nd,e',
      records: [
        { line: 1, problem: 'wanted "," after a closing quote, got "b"' },
        { line: 2, fields: ['d', 'e'] },
      ],
    },
  ]
  for (const { name, text, records } of cases) it(name, async () => assert.deepEqual(await read(text), records))

  it('a quote that never closes spoils its own line only', async () => {
    assert.deepEqual(await read('a,b\n"c,d\ne,f'), [
      { line: 1, fields: ['a', 'b'] },
      { line: 2, problem: 'a quote is opened and never closed' },
      { line: 3, fields: ['e', 'f'] },
    ])
  })

  it('reads back whatever was written with every field quoted', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', ' ', 'é') })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(field, { minLength: 1, maxLength: 4 }), { maxLength: 5 }), async rows => {
        const text = rows.map(row => row.map(one => `"${one.replaceAll('"', '""')}"`).join(',')).join('\n')
        const back = await read(text)
        assert.deepEqual(
          back.map(record => 'fields' in record && record.fields),
          rows,
        )
      }),
    )
  })
})

describe('rows', () => {
  const withFile = async (name: string, content: string | Buffer, check: (path: string) => Promise<void>) => {
    const directory = mkdtempSync(join(tmpdir(), 'freshet-rows-'))
    try {
      writeFileSync(join(directory, name), content)
      await check(join(directory, name))
    } finally {
      rmSync(directory, { recursive: true })
    }
  }

  it('reads a gzipped CSV with CRLF and a byte order mark', () =>
    withFile('a.csv.gz', gzipSync('\uFEFFid,title\r\n1,"Ü, x"\r\n2\r\n'), async path => {
      assert.deepEqual(await Array.fromAsync(rowsOf(path)), [
        { line: 2, columns: { id: '1', title: 'Ü, x' } },
        { line: 3, problem: 'wanted 2 fields as the first line has, got 1' },
      ])
    }))

  it('reads JSONL and reports bad lines by number', () =>
    withFile('a.jsonl', '{"id":1}\n\n[1]\n{oops\n{"id":2}', async path => {
      const rows = await Array.fromAsync(rowsOf(path))
      assert.deepEqual(
        rows.map(row => [row.line, 'columns' in row]),
        [
          [1, true],
          [3, false],
          [4, false],
          [5, true],
        ],
      )
    }))

  it('reports a damaged gzip', () =>
    withFile('a.csv.gz', gzipSync('id\n1\n2\n').subarray(0, 20), async path => {
      await assert.rejects(() => Array.fromAsync(rowsOf(path)))
    }))

  it('refuses a file of another kind', () => assert.throws(() => rowsOf('a.xlsx'), /wanted a name that ends in/))
})
