import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { vstan } from '../../experiments/baselines/vstan.ts'
import { SessionIndex, type SessionIndexOptions } from '../../retrieval/session-index.ts'
import { SessionPostings } from '../../retrieval/session-postings.ts'
import { SessionRows } from '../../retrieval/session-rows.ts'
import { TopK } from '../../retrieval/top-k.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

const clicks = fc.array(fc.tuple(fc.nat(12), fc.nat(9), fc.nat(2_000)), { maxLength: 80 })
const contexts = fc.array(fc.nat(9), { minLength: 1, maxLength: 6 })

/** @returns items and scores, best first, the current item left out */
function ask(index: SessionIndex<number>, recent: readonly number[], atMs: number, session?: number) {
  const top = new TopK(50)
  top.begin(50)
  index.recommend(recent, atMs, top, item => item === recent.at(-1), session)
  top.finish()
  return Array.from({ length: top.count }, (_, at) => ({ item: top.items[at] ?? -1, score: top.scores[at] ?? 0 }))
}

/** Where nothing was evicted and all candidates are compared, the plain method has the same list, but for scores that are equal in float32. */
test('the index gives the lists of plain VSTAN over any log, asked at any moment', () => {
  fc.assert(
    fc.property(clicks, contexts, fc.nat(13), (log, recent, asking) => {
      const options = { lastItems: 5, timeDecayDays: 3, distanceDecay: 0.9, positionDecay: 1.7, matchDecay: 2.5 }
      const index = new SessionIndex<number>({ ...options, maxBytes: 2 ** 20, maxSessionClicks: 100, neighbours: 500 })
      const plain = vstan(options)
      let atMs = 0
      for (const [session, item, minutes] of log) {
        atMs += minutes * MINUTE_MS
        index.add(session, item, atMs)
        plain.learn({ user: -1, session, item, atMs, weight: 1 })
      }
      const query = { user: -1, session: asking, atMs, recent, isExcluded: (item: number) => item === recent.at(-1) }
      const wanted = plain.recommend(query, 50)
      const got = ask(index, recent, atMs, asking)
      assert.deepEqual(got.map(one => one.item).toSorted(), wanted.toSorted())
      const scoreOf = new Map(got.map(one => [one.item, one.score]))
      for (let at = 1; at < wanted.length; at++) {
        const before = scoreOf.get(wanted[at - 1] ?? -1) ?? 0
        const after = scoreOf.get(wanted[at] ?? -1) ?? 0
        assert.ok(after <= before + 1e-5 * Math.abs(before), `${wanted} but ${JSON.stringify(got)}`)
      }
    }),
    { numRuns: 300 },
  )
})

test('whatever is evicted, a list holds no item twice, none excluded, and none that no session was given', () => {
  fc.assert(
    fc.property(clicks, contexts, (log, recent) => {
      const small: Partial<SessionIndexOptions> = {
        maxBytes: 400,
        maxSessionClicks: 3,
        openSessions: 2,
        sample: 4,
        neighbours: 3,
      }
      const index = new SessionIndex<number>(small)
      log.forEach(([session, item], at) => {
        index.add(session, item, at * MINUTE_MS)
        const items = ask(index, recent, at * MINUTE_MS).map(one => one.item)
        const seen = new Set(log.slice(0, at + 1).map(([, clicked]) => clicked))
        assert.equal(new Set(items).size, items.length)
        assert.ok(
          items.every(one => seen.has(one) && one !== recent.at(-1)),
          `${items}`,
        )
      })
    }),
  )
})

test('of more sessions than the bytes hold the ones that began last are kept', () => {
  const index = new SessionIndex<string>({ maxBytes: 1_000, maxSessionClicks: 4 }) // 700 bytes of rows, 38 each: 18 sessions
  for (let session = 0; session < 30; session++) {
    index.add(`s${session}`, 0, session)
    index.add(`s${session}`, 100 + session, session)
  }
  assert.equal(index.sessionCount, 18)
  const top = new TopK(100)
  top.begin(100)
  index.recommend([0], 40, top, () => false)
  top.finish()
  // The ring of item 0 has 16 places: postings have 300 bytes, of which the other items take 4 places each.
  const items = [...top.items.subarray(0, top.count)].filter(item => item > 0).toSorted((a, b) => a - b)
  assert.deepEqual(
    items,
    Array.from({ length: 16 }, (_, at) => 114 + at),
  )
})

test('a session keeps its newest clicks', () => {
  const index = new SessionIndex<number>({ maxBytes: 10_000, maxSessionClicks: 2 })
  for (const item of [1, 2, 3]) index.add(0, item, DAY_MS)
  assert.deepEqual(
    ask(index, [2], DAY_MS).map(one => one.item),
    [3],
  )
  assert.deepEqual(ask(index, [1], DAY_MS), [])
})

test('of each item only the newest `sample` sessions are looked at', () => {
  const index = new SessionIndex<number>({ sample: 4, maxBytes: 10_000 })
  for (let session = 0; session < 9; session++) for (const item of [0, 10 + session]) index.add(session, item, session)
  const items = ask(index, [0], 10).map(one => one.item)
  assert.deepEqual(items.toSorted(), [15, 16, 17, 18])
})

test('postings hold the newest serials of every item, rings of forgotten sessions are used again', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 400 }), log => {
      const kept = 12
      const postings = new SessionPostings(96, 8)
      const into = new Int32Array(8)
      const all = new Map<number, number[]>()
      log.forEach((item, at) => {
        const serial = at + 1
        postings.push(item, serial, serial - kept)
        all.set(item, [serial, ...(all.get(item) ?? [])])
        const count = postings.read(item, into, 8)
        assert.ok(count >= 1)
        assert.deepEqual([...into.subarray(0, count)], all.get(item)?.slice(0, count))
      })
    }),
  )
})

test('a session that began too many sessions ago to be open begins anew, one before that goes on', () => {
  for (const { others, list } of [
    { others: 1, list: [1] },
    { others: 2, list: [] },
  ]) {
    const index = new SessionIndex<number>({ openSessions: 2, maxBytes: 10_000 })
    index.add(0, 1, 0)
    for (let other = 1; other <= others; other++) index.add(other, 9, other)
    index.add(0, 2, 5)
    assert.deepEqual(
      ask(index, [2], 9).map(one => one.item),
      list,
    )
  }
})

test('an index that forgot sessions answers as one that never heard of them', () => {
  const options = { maxSessionClicks: 255, sample: 64, neighbours: 50 }
  const log = fc.array(fc.tuple(fc.nat(40), fc.nat(9)), { maxLength: 150 })
  fc.assert(
    fc.property(log, contexts, (events, recent) => {
      const small = new SessionIndex<number>({ ...options, maxBytes: 16_500 }) // 11 sessions
      const begun: { session: number; clicks: (readonly [item: number, at: number])[] }[] = []
      events.forEach(([session, item], at) => {
        small.add(session, item, at * MINUTE_MS)
        const open = begun.slice(-11).find(one => one.session === session)
        if (open === undefined) begun.push({ session, clicks: [[item, at]] })
        else open.clicks.push([item, at])
      })
      assert.equal(small.sessionCount, Math.min(11, begun.length))
      const fresh = new SessionIndex<number>({ ...options, maxBytes: 2 ** 20 })
      const kept = begun.slice(-11).flatMap((one, serial) => one.clicks.map(([item, at]) => ({ serial, item, at })))
      for (const { serial, item, at } of kept.toSorted((a, b) => a.at - b.at)) fresh.add(serial, item, at * MINUTE_MS)
      assert.deepEqual(ask(small, recent, 200 * MINUTE_MS), ask(fresh, recent, 200 * MINUTE_MS))
    }),
    { numRuns: 200 },
  )
})

test('a row is the last clicks of its session, and what leaves rows is told once', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat(5)), { maxLength: 80 }), log => {
      const rows = new SessionRows(3, 4)
      const sums = new Map<number, number>()
      const count = (item: number, by: number) => sums.set(item, (sums.get(item) ?? 0) + by)
      const drop = (item: number) => count(item, -1)
      let serial = 0
      let clicks: number[] = []
      for (const [begins, item] of log) {
        if (serial === 0 || begins < 2) {
          serial = rows.begin(drop)
          clicks = []
        }
        const slot = rows.slotOf(serial)
        clicks = [...clicks, item].slice(-4)
        assert.equal(rows.push(slot, item, 1, drop), !clicks.slice(0, -1).includes(item))
        count(item, 1)
        assert.deepEqual([...rows.items.subarray(4 * slot, 4 * slot + (rows.clicks[slot] ?? 0))], clicks)
        assert.equal(rows.distinct[slot], new Set(clicks).size)
      }
      const held = [0, 1, 2].flatMap(slot => [...rows.items.subarray(4 * slot, 4 * slot + (rows.clicks[slot] ?? 0))])
      for (const [item, sum] of sums) assert.equal(sum, held.filter(one => one === item).length)
    }),
  )
})

test('rings of items that nobody clicks any more go to those that are clicked', () => {
  const postings = new SessionPostings(16, 8)
  const into = new Int32Array(8)
  for (let serial = 1; serial <= 100; serial++) {
    const item = Math.floor((serial - 1) / 10) // each for ten sessions, two kept at a time
    postings.push(item, serial, serial - 2)
    assert.equal(into[postings.read(item, into, 8) > 0 ? 0 : 7], serial)
  }
})

test('only the most similar sessions are scored, in whatever order they are met', () => {
  const index = new SessionIndex<number>({ neighbours: 1, maxBytes: 10_000 })
  for (const item of [1, 2, 3]) index.add(0, item, 0) // shares 1 and 2: 1.76 / √3
  for (const item of [1, 4]) index.add(1, item, 0) // shares 1: 1 / √2
  const items = ask(index, [2, 1], 0).map(one => one.item)
  assert.deepEqual(items, [2, 3])
})

test('a forgotten session adds nothing to the one in its place', () => {
  const index = new SessionIndex<number>({ maxBytes: 16_500, maxSessionClicks: 255 }) // 11 sessions
  index.add(1, 0, 0)
  for (let session = 2; session <= 10; session++) index.add(session, 20, 0)
  for (const item of [0, 6]) index.add(11, item, 0)
  for (const item of [0, 5]) index.add(12, item, 0)
  const scores = ask(index, [0], 0)
  assert.deepEqual(
    scores.map(one => one.item),
    [5, 6],
  )
  assert.equal(scores[0]?.score, scores[1]?.score)
})
