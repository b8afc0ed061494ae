import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { topologyOf } from '../../cli/assemble.ts'
import { loadConfig } from '../../topology/config.ts'
import { describe as describeGraph } from '../../topology/describe.ts'

/**
 * Pinned: nobody worked test/golden/topology.txt out by hand. It is there so that a changed edge, bound or version shows in
 * review. After a change that is meant: `npx freshet topology > test/golden/topology.txt`.
 */
test('the graph is the one of the golden file', () => {
  const golden = readFileSync(new URL('../golden/topology.txt', import.meta.url), 'utf8')
  assert.equal(`${describeGraph(topologyOf(loadConfig({})))}\n`, golden)
})
