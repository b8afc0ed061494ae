/** docs/architecture.md against the graph and the topics. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { topologyOf } from '../../cli/assemble.ts'
import { loadConfig } from '../../topology/config.ts'
import { mermaid } from '../../topology/describe.ts'
import { blocksOf, tableRows } from './page.ts'
import { topicRows } from './topic-rows.ts'

const PAGE = 'docs/architecture.md'

describe(PAGE, () => {
  it('shows the diagram that `freshet topology --mermaid` prints', () => {
    const shown = blocksOf(PAGE).filter(block => block.language === 'mermaid')
    assert.deepEqual(
      shown.map(block => block.text),
      [mermaid(topologyOf(loadConfig({})))],
    )
  })

  it('states every topic as it is, and no other', () => {
    assert.deepEqual(tableRows(PAGE, 'topic'), topicRows())
  })
})
