import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DEFAULT_NAMESPACE, namespaceOf, scopeOf, topicName, topics } from '../../schemas/topics.ts'

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
  it('a later generation computes into topics of its own, from the same sources', () => {
    const names = (scope: string) => [topics.interactions, topics.rules, topics.lists].map(one => topicName(one, scope))
    assert.deepEqual(names(scopeOf('shop2', 1)), ['shop2.interactions.v1', 'shop2.rules.v1', 'shop2.lists.v1'])
    assert.deepEqual(names(scopeOf('shop2', 3)), ['shop2.interactions.v1', 'shop2.rules.v1', 'shop2.g3.lists.v1'])
    assert.deepEqual(names(scopeOf('freshet', 2)), ['interactions.v1', 'rules.v1', 'freshet.g2.lists.v1'])
    assert.deepEqual([scopeOf('shop2', 3), 'shop2'].map(namespaceOf), ['shop2', 'shop2'])
  })
})
