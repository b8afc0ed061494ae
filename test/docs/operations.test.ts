/** docs/operations.md against metrics, broker settings and topics. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { topologyOf } from '../../cli/assemble.ts'
import { settingsFindings } from '../../cli/check-services.ts'
import { loadConfig } from '../../topology/config.ts'
import { topicSettings } from '../../topology/runner.ts'
import { metricRows } from './metric-rows.ts'
import { pageOf, tableRows } from './page.ts'

const PAGE = 'docs/operations.md'
/** Written by others, or kept for the versions in the view; without writers yet. */
const KEPT = ['interactions', 'items', 'users', 'incarnations']
const UNUSED = ['served', 'examples', 'erasures', 'models', 'experiments', 'rules']

describe(PAGE, () => {
  it('states every metric with its labels and meaning, and no other', async () => {
    assert.deepEqual(tableRows(PAGE, 'metric'), await metricRows())
  })

  it('states the settings of the broker that doctor looks at', () => {
    const [names] = [tableRows(PAGE, 'setting').map(([name = '']) => name.replaceAll('`', ''))]
    const bad = Object.fromEntries(names.map(name => [name, 'NaN'])) as Parameters<typeof settingsFindings>[0]
    assert.deepEqual(
      settingsFindings(bad, loadConfig({})).map(one => one.what),
      names.map(name => `Kafka ${name}`),
    )
  })

  it('deletes every topic for a rebuild but the sources and those nothing writes', () => {
    const named = /for topic in ([^;]+);/.exec(pageOf(PAGE))?.[1]?.split(' ') ?? []
    const all = topicSettings(topologyOf(loadConfig({})), 'freshet', 1).map(one => one.name.replace(/\.v1$/, ''))
    const wanted = all.filter(name => !KEPT.includes(name) && !UNUSED.includes(name))
    assert.deepEqual(named.toSorted(), wanted.toSorted())
  })
})
