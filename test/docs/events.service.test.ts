/** The examples of docs/events.md, run as they stand there against a real broker, registry and Redis. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ensurePrograms } from '../../connectors/services/programs.ts'
import { sayOnStderr } from '../../connectors/services/start.ts'
import { blocksOf } from './page.ts'
import { Started } from './started.ts'
import { until } from './until.ts'

const PAGE = 'docs/events.md'
/** Heading → how many events each of its blocks sends. */
const examples: Readonly<Record<string, readonly number[]>> = {
  curl: [1, 3],
  kcat: [1],
  kafkajs: [1],
  Avro: [1],
  'The command line': [1],
}
/** Tried by hand: it needs a package of another language. */
const NOT_RUN = ['Python']

describe(PAGE, () => {
  let freshet: Started
  before(async () => {
    await ensurePrograms(['kcat', 'curl'], sayOnStderr)
    freshet = await Started.open()
  })
  after(() => freshet.stop())

  it('has no example that is not run here but the one in Python', () => {
    const headings = new Set(blocksOf(PAGE).map(block => block.heading))
    assert.deepEqual([...headings].toSorted(), [...Object.keys(examples), ...NOT_RUN].toSorted())
  })

  for (const [heading, counts] of Object.entries(examples))
    it(`${heading}: every event is admitted`, async () => {
      const blocks = blocksOf(PAGE).filter(block => block.heading === heading)
      assert.equal(blocks.length, counts.length)
      for (const [index, { language, text }] of blocks.entries()) {
        const processed = () => freshet.metric('freshet_stage_records_total', 'stage="user"')
        const wanted = (await processed()) + (counts[index] ?? 0)
        const out = await freshet.run(language, text)
        if (heading === 'curl') assert.equal(out, `{"accepted":${counts[index]},"rejected":[]}`)
        await until(`${wanted} events`, async () => ((await processed()) === wanted ? true : undefined))
      }
      assert.equal(await freshet.metric('freshet_rejected_total', 'stage="user"'), 0)
    })
})
