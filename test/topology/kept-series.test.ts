import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Histogram, Registry } from 'prom-client'
import { KeptCounter, KeptHistogram } from '../../topology/kept-series.ts'

describe('series that are kept', () => {
  it('count what prom-client would, and each time once', async () => {
    const registry = new Registry()
    const counter = new KeptCounter({ name: 'seen_total', help: 'seen', labelNames: ['stage'], registry })
    const user = counter.of({ stage: 'user' })
    user.inc()
    user.inc(2)
    counter.of({ stage: 'user' }).inc()
    counter.of({ stage: 'item' })
    assert.match(await registry.metrics(), /seen_total\{stage="user"\} 4\n/)
    user.inc()
    assert.match(await registry.metrics(), /seen_total\{stage="user"\} 5\n/)
    assert.doesNotMatch(await registry.metrics(), /item/)
  })

  it('show a histogram as prom-client does, at the bounds and past them', async () => {
    const [ours, theirs] = [new Registry(), new Registry()]
    const described = { name: 'took_ms', help: 'took', labelNames: ['view'] as const, buckets: [1, 2, 5] }
    const kept = new KeptHistogram({ ...described, registry: ours })
    const own = new Histogram({ ...described, registers: [theirs] })
    for (const view of ['list', 'related']) {
      const series = kept.of({ view })
      for (const value of [0, 1, 1.5, 2, 5, 5.1, 100]) {
        series.observe(value)
        own.observe({ view }, value)
      }
    }
    assert.equal(await ours.metrics(), await theirs.metrics())
  })
})
