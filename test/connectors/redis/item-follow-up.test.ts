import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ItemFollowUp } from '../../../connectors/redis/item-follow-up.ts'
import type { ViewWrite } from '../../../connectors/view.ts'

const item = (itemId: string, goneAtMs = 0, page?: number): ViewWrite & { kind: 'item' } => ({
  kind: 'item',
  itemId,
  version: { generation: 1, offset: 9 },
  text: {},
  ...(page !== undefined && { row: { page, row: 0, facts: null } }),
  isGone: goneAtMs > 0,
  goneAtMs,
})

test('a batch of items takes five commands, however many they are', () => {
  const followUp = new ItemFollowUp('ns')
  followUp.add(item('a', 5, 2), [2, 2], false)
  followUp.add(item('b', 6, 2), [2, 2], false)
  followUp.add(item('c'), [2, 1], false)
  followUp.add(item('d'), [0, 0], false)
  assert.deepEqual(followUp.requests(), [
    ['ZADD', 'ns:gone:at', '5', 'a', '6', 'b'],
    ['SADD', 'ns:gone', 'a', 'b'],
    ['ZREM', 'ns:gone:at', 'c', 'd'],
    ['SREM', 'ns:gone', 'c', 'd'],
    ['HSET', 'ns:items:pages', '2', '1.9'],
  ])
})

test('an older write says nothing; of two writes of one item the later one counts', () => {
  const followUp = new ItemFollowUp('ns')
  followUp.add(item('old', 5), [-1], false)
  followUp.add(item('twice', 5), [2], false)
  followUp.add(item('twice'), [2], false)
  assert.deepEqual(followUp.requests(), [
    ['ZREM', 'ns:gone:at', 'twice'],
    ['SREM', 'ns:gone', 'twice'],
  ])
})

test('readers look again for a changed page and for an item that went or came back, not for one that stays', () => {
  const isNews = (write: ViewWrite & { kind: 'item' }, results: number[], replies: number[]) => {
    const followUp = new ItemFollowUp('ns')
    followUp.add(write, results, false)
    followUp.requests()
    return followUp.isNews(replies)
  }
  assert.equal(isNews(item('a', 0, 1), [2, 2], [0, 0, 1]), true, 'facts')
  assert.equal(isNews(item('a', 0, 1), [2, 1], [0, 0]), false, 'the same facts')
  assert.equal(isNews(item('a', 5), [2], [1, 1]), true, 'went')
  assert.equal(isNews(item('a', 5), [2], [0, 0]), false, 'was gone already')
  assert.equal(isNews(item('a'), [2], [1, 1]), true, 'came back')
})

test('a page of a batch that is sent again counts as changed: the first time may have got half-way', () => {
  const followUp = new ItemFollowUp('ns')
  followUp.add(item('a', 0, 3), [0, 0], true)
  assert.deepEqual(followUp.requests().at(-1), ['HSET', 'ns:items:pages', '3', '1.9'])
})
