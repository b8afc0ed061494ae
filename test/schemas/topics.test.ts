import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DEFAULT_NAMESPACE, topicName, topics } from '../../schemas/topics.ts'

const all = Object.values(topics)

describe('topics', () => {
  for (const topic of all) {
    it(`${topic.name} has a name with a version, a key in words and settings that fit its kind`, () => {
      assert.match(topic.name, /^[a-z]+(-[a-z]+)*\.v[1-9]\d*$/)
      assert.notEqual(topic.key, '')
      if (topic.kind === 'table') assert.equal(topic.retentionMs, -1, 'a table is compacted, not kept by time')
      else assert.ok(topic.retentionMs === -1 || topic.retentionMs >= 86_400_000, 'a stream is kept a day at least')
      if (topic.appendTime) assert.equal(topic.kind, 'stream', 'a table keeps the time its writer gave')
    })
  }

  it('no name and no record is used twice', () => {
    assert.equal(new Set(all.map(topic => topic.name)).size, all.length)
    assert.equal(new Set(all.map(topic => topic.schema.name)).size, all.length)
  })
  it('the source of truth is kept for ever, by the time of the broker', () => {
    assert.equal(topics.interactions.retentionMs, -1)
    assert.equal(topics.interactions.appendTime, true)
  })
  it('only the default namespace omits the prefix', () => {
    assert.equal(topicName(topics.items, DEFAULT_NAMESPACE), 'items.v1')
    assert.equal(topicName(topics.items, 'shop2'), 'shop2.items.v1')
  })
})
