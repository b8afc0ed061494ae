/** docs/errors.md against the table of codes, both ways; and no code without a place that uses it. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { errors } from '../../schemas/errors.ts'
import { tableRows } from './page.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const SOURCES = ['schemas', 'processors', 'connectors', 'topology', 'server', 'cli', 'retrieval']

describe('docs/errors.md', () => {
  const rows = tableRows('docs/errors.md', 'code')

  it('states every code with its fate and meaning, and no other', () => {
    assert.deepEqual(
      rows.map(([code, fate, means]) => [code, fate, means]),
      Object.entries(errors).map(([code, { fate, means }]) => [`\`${code}\``, fate, means]),
    )
  })

  it('says what to do about each', () => {
    for (const [code, , , remedy = ''] of rows) assert(remedy.length > 10, `${code}: ${remedy}`)
  })

  it('explains every fate', () => {
    const explained = tableRows('docs/errors.md', 'fate').map(([fate]) => fate)
    assert.deepEqual(explained.toSorted(), [...new Set(Object.values(errors).map(one => one.fate))].toSorted())
  })
})

describe('schemas/errors.ts', () => {
  const code = SOURCES.flatMap(folder =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('.ts') && file !== 'errors.ts')
      .map(file => readFileSync(join(root, folder, file), 'utf8')),
  ).join('\n')

  for (const name of Object.keys(errors)) it(`${name} is used somewhere`, () => assert(code.includes(`'${name}'`)))
})
