import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DirtySet } from '../../topology/dirty-set.ts'

const drain = (set: DirtySet, nowMs: number) => {
  const keys: string[] = []
  for (let one = set.take(nowMs); one; one = set.take(nowMs)) keys.push(one.key)
  return keys
}

describe('a dirty set', () => {
  it('gives the newest key first, each once', () => {
    const set = new DirtySet(100)
    for (const key of ['a', 'b', 'a', 'c', 'b']) set.add(key, 1_000)
    assert.equal(set.size, 3)
    assert.deepEqual(drain(set, 1_000), ['b', 'c', 'a'])
    assert.equal(set.size, 0)
  })

  it('lets a key that was just built wait for the others', () => {
    const set = new DirtySet(100)
    set.add('hot', 1_000)
    assert.equal(set.take(1_000)?.key, 'hot')
    set.add('cold', 1_010)
    set.add('hot', 1_020)
    assert.equal(set.take(1_030)?.key, 'cold')
  })

  it('builds a key again at once when nothing else waits', () => {
    const set = new DirtySet(100)
    set.add('hot', 1_000)
    set.take(1_000)
    set.add('hot', 1_001)
    assert.equal(set.take(1_001)?.key, 'hot')
  })

  it('takes the newest first again once the interval is over', () => {
    const set = new DirtySet(100)
    set.add('hot', 1_000)
    set.take(1_000)
    set.add('cold', 1_010)
    set.add('hot', 1_020)
    assert.equal(set.take(1_300)?.key, 'hot')
  })

  it('lets a key rest though nothing else waits, where it must', () => {
    const set = new DirtySet(100, true)
    set.add('hot', 1_000)
    assert.equal(set.take(1_000)?.key, 'hot')
    set.add('hot', 1_010, { input: 0, offset: 3 })
    assert.equal(set.take(1_020), undefined)
    assert.equal(set.oldest(0), 3, 'it still waits')
    assert.equal(set.take(1_300)?.key, 'hot')
    assert.equal(set.size, 0)
  })

  it('remembers the oldest record of each input that still waits', () => {
    const set = new DirtySet(100)
    set.add('a', 1, { input: 0, offset: 7 })
    set.add('b', 1, { input: 0, offset: 5 })
    set.add('a', 1, { input: 0, offset: 9 })
    set.add('a', 1, { input: 1, offset: 2 })
    assert.equal(set.oldest(0), 5)
    assert.equal(set.take(1)?.key, 'a')
    assert.equal(set.oldest(0), 5)
    assert.equal(set.oldest(1), undefined)
  })

  it('keeps its stack bounded when one key is touched again and again', () => {
    const set = new DirtySet(100)
    for (let i = 0; i < 100_000; i++) set.add('a', i, { input: 0, offset: i })
    assert.equal(set.oldest(0), 0)
    assert.deepEqual(drain(set, 1), ['a'])
  })
})
