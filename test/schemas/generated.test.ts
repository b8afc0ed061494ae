import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { generate } from '../../schemas/generate.ts'

const folder = new URL('../../schemas/', import.meta.url)
const HEAD = '// Generated from avro/'

describe('generated schemas', () => {
  const files = generate()
  for (const [file, text] of files) {
    it(`${file} is what its .avsc generates (else: npm run schemas)`, () => {
      assert.equal(readFileSync(new URL(file, folder), 'utf8'), text)
    })
  }

  it('every generated file still has its .avsc', () => {
    const standing = readdirSync(folder).filter(
      file => file.endsWith('.ts') && readFileSync(new URL(file, folder), 'utf8').startsWith(HEAD),
    )
    assert.deepEqual(standing.sort(), [...files.keys()].sort())
  })
})
