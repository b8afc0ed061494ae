import assert from 'node:assert/strict'
import { it } from 'node:test'
import { freshnessOf } from '../../cli/serving.ts'
import { ServerMetrics } from '../../server/metrics.ts'

it('an event is measured once for each tier, however often its list is built', async () => {
  const metrics = new ServerMetrics()
  const tell = freshnessOf(metrics, () => 5_000)
  const list = { topic: 'lists.v1', key: 'u:a', asOf: '0:1', appendedAtMs: 4_900 } as const
  tell(list)
  tell(list) // the sweep, a take-down
  tell({ ...list, topic: 'profiles.v1' })
  tell({ ...list, asOf: '0:2', appendedAtMs: 4_950 })
  tell({ ...list, key: 'u:b', asOf: '-1:-1', appendedAtMs: 0 }) // a list of somebody who has done nothing
  const text = await metrics.registry.metrics()
  assert.match(text, /^freshet_event_to_list_seconds_count\{tier="candidate"\} 2$/m)
  assert.match(text, /^freshet_event_to_list_seconds_sum\{tier="candidate"\} 0\.15\d*$/m)
  assert.match(text, /^freshet_event_to_list_seconds_count\{tier="session"\} 1$/m)
})
