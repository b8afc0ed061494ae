/**
 * Pages of state as older programs left them in changelogs: `test/golden/state-pages.json`, store and part → version → bytes and the
 * value that this program reads them as. The values were written by hand; bytes are pinned and never change. A part whose
 * schema changes gets a version, see `processors/define.ts`; the bytes of its older versions stay, with the value they
 * are read as now, and those of the new one come beside them.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import type { Parts } from '../../processors/define.ts'
import { defaultFolds } from '../../processors/options.ts'
import { pageFormat } from '../../topology/page-versions.ts'
import { recommender } from '../../topology/recommender.ts'

type Golden = Record<string, Record<string, { bytes: string; value: unknown }>>
const golden = JSON.parse(readFileSync(new URL('../golden/state-pages.json', import.meta.url), 'utf8')) as Golden

const parts = recommender(defaultFolds, {}).stages.flatMap(stage =>
  stage.processors.flatMap(({ store }) =>
    Object.entries((store?.parts ?? {}) as Parts).map(([name, part]) => ({ name: `${store?.name}/${name}`, part })),
  ),
)

/** Of classes that avsc makes, as plain data. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('pages of state', () => {
  it('are pinned for every part of the graph, and for no other', () => {
    assert.deepEqual(Object.keys(golden).toSorted(), parts.map(one => one.name).toSorted())
  })

  for (const { name, part } of parts) {
    const now = part.versions?.now ?? 1
    const readable = [...Object.keys(part.versions?.older ?? {}), String(now)]

    it(`${name} reads every version it says it reads`, () => {
      assert.deepEqual(Object.keys(golden[name] ?? {}), readable)
      for (const [version, { bytes, value }] of Object.entries(golden[name] ?? {}))
        assert.deepEqual(plain(pageFormat(part).decode(Buffer.from(bytes, 'hex'), Number(version))), value)
    })

    it(`${name} is written as it was, or has a new version`, () => {
      const { bytes, value } = golden[name]?.[now] ?? {}
      assert.equal(part.schema.encode(value).toString('hex'), bytes)
    })
  }
})
