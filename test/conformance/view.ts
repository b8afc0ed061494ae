/** What every view keeps: run over process memory and over a real Redis. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import type { View, ViewWrite } from '../../connectors/view.ts'
import { keys } from '../../schemas/keys.ts'

export interface ViewUnderTest {
  readonly view: View
  /** Forgets everything, as a flush does. */
  flush(): Promise<void>
  close(): Promise<void>
}

const at = (offset: number, generation = 0) => ({ generation, offset })
const similar = (id: string, offset: number, text: string | null, generation = 0): ViewWrite => ({
  kind: 'value',
  key: keys.similar,
  id,
  version: at(offset, generation),
  value: text === null ? null : `{"items":"${text}"}`,
})
const candidates = (visitor: string, offset: number, bytes: string | null): ViewWrite => ({
  kind: 'user',
  visitor,
  field: 'c',
  version: at(offset),
  value: bytes === null ? null : Buffer.from(bytes),
  rec: `{"listId":"${bytes}"}`,
})
const item = (
  itemId: string,
  offset: number,
  over: { isGone?: boolean; facts?: string; row?: number } = {},
): ViewWrite => ({
  kind: 'item',
  itemId,
  version: at(offset),
  text: { title: itemId },
  row: { page: 3, row: over.row ?? 0, facts: Buffer.from(over.facts ?? 'facts') },
  isGone: over.isGone ?? false,
  goneAtMs: over.isGone ? 1_000 + offset : 0,
})

export function viewConformance(name: string, open: () => Promise<ViewUnderTest>): void {
  describe(`view: ${name}`, () => {
    let under: ViewUnderTest
    before(async () => {
      under = await open()
    })
    after(() => under.close())
    const read = async (id: string) => (await under.view.readValues([{ key: keys.similar, id }]))[0]
    const rec = async (id: string) => (await under.view.readValues([{ key: keys.rec, id }]))[0]

    const orders: {
      name: string
      writes: [generation: number, offset: number, text: string | null][]
      stands?: string
    }[] = [
      { name: 'the first write stands', writes: [[0, 5, 'a']], stands: '{"v":[0,5],"items":"a"}' },
      {
        name: 'a newer offset replaces',
        writes: [
          [0, 5, 'a'],
          [0, 6, 'b'],
        ],
        stands: '{"v":[0,6],"items":"b"}',
      },
      {
        name: 'an older offset is refused',
        writes: [
          [0, 5, 'a'],
          [0, 4, 'b'],
        ],
        stands: '{"v":[0,5],"items":"a"}',
      },
      {
        name: 'the same offset is refused',
        writes: [
          [0, 5, 'a'],
          [0, 5, 'b'],
        ],
        stands: '{"v":[0,5],"items":"a"}',
      },
      {
        name: 'a higher generation replaces a higher offset',
        writes: [
          [0, 50, 'a'],
          [1, 0, 'b'],
        ],
        stands: '{"v":[1,0],"items":"b"}',
      },
      {
        name: 'a lower generation is refused',
        writes: [
          [1, 0, 'a'],
          [0, 50, 'b'],
        ],
        stands: '{"v":[1,0],"items":"a"}',
      },
      {
        name: 'a deletion is read as nothing',
        writes: [
          [0, 5, 'a'],
          [0, 6, null],
        ],
      },
      {
        name: 'a late writer does not bring a deleted value back',
        writes: [
          [0, 5, 'a'],
          [0, 7, null],
          [0, 6, 'b'],
        ],
      },
      {
        name: 'a newer writer does',
        writes: [
          [0, 7, null],
          [0, 8, 'b'],
        ],
        stands: '{"v":[0,8],"items":"b"}',
      },
      {
        name: 'offsets are exact at 2^53 − 1',
        writes: [
          [0, 2 ** 53 - 2, 'a'],
          [0, 2 ** 53 - 1, 'b'],
          [0, 2 ** 53 - 2, 'c'],
        ],
        stands: `{"v":[0,${2 ** 53 - 1}],"items":"b"}`,
      },
    ]
    for (const one of orders) {
      test(one.name, async () => {
        for (const [generation, offset, text] of one.writes)
          await under.view.write([similar(one.name, offset, text, generation)])
        assert.equal(await read(one.name), one.stands)
      })
      test(`${one.name}, in one batch`, async () => {
        const id = `${one.name} at once`
        await under.view.write(one.writes.map(([generation, offset, text]) => similar(id, offset, text, generation)))
        assert.equal(await read(id), one.stands)
      })
    }

    test('any order of the same writes leaves the newest', async () => {
      let run = 0
      const version = fc.tuple(fc.nat(2), fc.nat(5))
      await fc.assert(
        fc.asyncProperty(fc.array(version, { minLength: 1, maxLength: 8 }), async versions => {
          const id = `order ${run++}`
          for (const [generation, offset] of versions) {
            await under.view.write([similar(id, offset, `${generation}.${offset}`, generation)])
          }
          const [g, o] = [...versions].sort((a, b) => b[0] - a[0] || b[1] - a[1])[0] ?? [0, 0]
          assert.equal(await read(id), `{"v":[${g},${o}],"items":"${g}.${o}"}`)
        }),
        { numRuns: 50 },
      )
    })

    test('candidates and the public list change together or not at all', async () => {
      await under.view.write([candidates('u:pair', 5, 'new')])
      await under.view.write([candidates('u:pair', 4, 'old')])
      assert.equal((await under.view.readUser('u:pair')).c?.toString(), 'new')
      assert.equal(await rec('pair'), '{"v":[0,5],"listId":"new"}')
      await under.view.write([candidates('u:pair', 6, null)])
      assert.equal((await under.view.readUser('u:pair')).c, undefined)
      assert.equal(await rec('pair'), undefined)
    })

    test('the fields of a user have versions of their own', async () => {
      const field = (name: 's' | 'k', offset: number, bytes: string): ViewWrite => ({
        kind: 'user',
        visitor: 'u:fields',
        field: name,
        version: at(offset),
        value: Buffer.from(bytes),
      })
      await under.view.write([
        candidates('u:fields', 9, 'c9'),
        field('s', 3, 's3'),
        field('k', 2, 'k2'),
        field('s', 2, 's2'),
      ])
      const { c, s, k } = await under.view.readUser('u:fields')
      assert.deepEqual([c, s, k].map(String), ['c9', 's3', 'k2'])
    })

    test('an anonymous visitor and a user of the same id are two', async () => {
      await under.view.write([candidates('a:same', 1, 'anonymous'), candidates('u:same', 1, 'user')])
      assert.equal((await under.view.readUser('a:same')).c?.toString(), 'anonymous')
      assert.equal((await under.view.readUser('u:same')).c?.toString(), 'user')
    })

    for (const id of ['日本', '{x}', 'a%7Bb', 'new\nline', '../..', ' ', '{', '}', 'x'.repeat(256)]) {
      test(`an odd id keeps its own value: ${JSON.stringify(id.slice(0, 12))}`, async () => {
        await under.view.write([similar(id, 1, 'odd'), candidates(`u:${id}`, 1, 'odd')])
        assert.equal(await read(id), '{"v":[0,1],"items":"odd"}')
        assert.equal((await under.view.readUser(`u:${id}`)).c?.toString(), 'odd')
      })
    }

    test('bytes of every value come back as they were', async () => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
      await under.view.write([{ kind: 'user', visitor: 'u:bytes', field: 's', version: at(1), value: bytes }])
      assert.deepEqual((await under.view.readUser('u:bytes')).s, bytes)
    })

    test('an unknown visitor or value is nothing', async () => {
      assert.deepEqual(await under.view.readUser('u:nobody'), {})
      assert.equal(await read('nothing'), undefined)
      assert.equal(await under.view.readPosition('no.v1', 0), undefined)
    })

    test('more writes than a batch holds all arrive', async () => {
      await under.view.write(Array.from({ length: 1_001 }, (_, index) => similar(`many ${index}`, 1, String(index))))
      const texts = await under.view.readValues(
        Array.from({ length: 1_001 }, (_, index) => ({ key: keys.similar, id: `many ${index}` })),
      )
      assert.deepEqual(
        texts,
        Array.from({ length: 1_001 }, (_, index) => `{"v":[0,1],"items":"${index}"}`),
      )
    })

    test('a page holds its rows, and its change moves when the facts do', async () => {
      await under.view.write([item('row1', 1, { row: 1, facts: 'one' }), item('row2', 2, { row: 2, facts: 'two' })])
      const before = [await under.view.itemsVersion(), (await under.view.itemPages()).get(3)]
      assert.deepEqual((await under.view.itemPage(3)).map(String).sort(), ['one', 'two'])
      await under.view.write([item('row1', 3, { row: 1, facts: 'one' })])
      assert.deepEqual([await under.view.itemsVersion(), (await under.view.itemPages()).get(3)], before)
      await under.view.write([item('row1', 4, { row: 1, facts: 'other' })])
      assert.notEqual(await under.view.itemsVersion(), before[0])
      assert.notEqual((await under.view.itemPages()).get(3), before[1])
      await under.view.write([item('row1', 3, { row: 1, facts: 'late' })])
      assert.deepEqual((await under.view.itemPage(3)).map(String).sort(), ['other', 'two'])
    })

    test('an item taken down is gone until it comes back or is pruned', async () => {
      await under.view.write([
        item('down', 5, { isGone: true, row: 10 }),
        item('longer', 900, { isGone: true, row: 11 }),
      ])
      const version = await under.view.itemsVersion()
      assert.deepEqual([...(await under.view.gone())].sort(), ['down', 'longer'])
      await under.view.write([item('down', 4, { row: 10 })])
      assert.deepEqual([...(await under.view.gone())].sort(), ['down', 'longer'], 'an older write says nothing')
      await under.view.pruneGone(1_005)
      assert.deepEqual([...(await under.view.gone())].sort(), ['down', 'longer'], 'the time itself is not before')
      await under.view.pruneGone(1_006)
      assert.deepEqual(await under.view.gone(), ['longer'])
      assert.notEqual(await under.view.itemsVersion(), version)
      await under.view.write([item('longer', 901, { row: 11 })])
      assert.deepEqual(await under.view.gone(), [])
    })

    test('a position moves from what stands and from nothing else', async () => {
      const move = (from: number | undefined, to: number) =>
        under.view.movePositions([
          { table: 'lists.v1', partition: 2, from: from === undefined ? undefined : at(from), to: at(to) },
        ])
      assert.deepEqual(await move(0, 1), [{ moved: false, found: undefined }])
      assert.deepEqual(await move(undefined, 1), [{ moved: true }])
      assert.deepEqual(await move(undefined, 2), [{ moved: false, found: at(1) }])
      assert.deepEqual(await move(1, 2), [{ moved: true }])
      assert.deepEqual(await under.view.readPosition('lists.v1', 2), at(2))
    })

    test('a flush leaves nothing, and older versions may be written again', async () => {
      await under.view.write([similar('flushed', 9, 'a'), candidates('u:flushed', 9, 'a'), item('flushed', 9)])
      await under.flush()
      assert.equal(await read('flushed'), undefined)
      assert.deepEqual(await under.view.readUser('u:flushed'), {})
      assert.deepEqual(await under.view.itemPage(3), [])
      assert.equal(await under.view.readPosition('lists.v1', 2), undefined)
      await under.view.write([similar('flushed', 1, 'b'), item('flushed', 1, { isGone: true })])
      assert.equal(await read('flushed'), '{"v":[0,1],"items":"b"}')
      assert.deepEqual(await under.view.gone(), ['flushed'])
    })
  })
}
