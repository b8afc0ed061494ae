import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { DataSet } from '../../../connectors/data-set.ts'
import { dataSets } from '../../../connectors/mappings/all.ts'
import { interaction } from '../../../schemas/interaction.ts'
import { item } from '../../../schemas/item.ts'

const setOf = (name: string): DataSet => {
  const found = dataSets.get(name)
  assert.ok(found)
  return found
}

/** Reads a data set whose files hold the given lines. */
async function readSet(name: string, files: Readonly<Record<string, readonly string[]>>) {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-mapping-'))
  try {
    for (const [file, lines] of Object.entries(files))
      writeFileSync(join(directory, file), gzipSync(lines.map(line => `${line}\n`).join('')))
    const leftOut = new Map<string, number>()
    const events = await Array.fromAsync(setOf(name).events(directory, leftOut))
    const items = await Array.fromAsync(setOf(name).items?.(directory) ?? [])
    for (const event of events) interaction.encode(event) // fits the schema
    for (const row of items) if ('value' in row) item.encode(row.value)
    return { events, items, leftOut: Object.fromEntries(leftOut) }
  } finally {
    rmSync(directory, { recursive: true })
  }
}
const ids = (events: readonly { eventId: string }[]) => events.map(event => event.eventId)

describe('mappings', () => {
  it('movietweetings: the rating decides the type, at 8 and 5 exactly, and time the order', async () => {
    const { events, items } = await readSet('movietweetings', {
      'ratings.dat.gz': ['1::10::8::300', '1::11::7::200', '2::10::5::200', '2::11::4::100', '3::11::10::400'],
      'movies.dat.gz': ['10::A Film: Two (1999)::Drama|War', '11::Old (1915)::', '12::Untitled::Comedy'],
    })
    assert.deepEqual(ids(events), [
      'movietweetings:4#dislike',
      'movietweetings:2#view',
      'movietweetings:3#view',
      'movietweetings:1#like',
      'movietweetings:5#like',
    ])
    assert.deepEqual(
      [events[0]?.occurredAt, events[0]?.userId, events[0]?.itemId, events[0]?.value],
      [100_000, '2', '11', 4],
    )
    const told = items.map(
      row => 'value' in row && [row.id, row.value.title, row.value.categories, row.value.publishedAt],
    )
    assert.deepEqual(told, [
      ['10', 'A Film: Two', ['Drama', 'War'], Date.UTC(1999, 0, 1)],
      ['11', 'Old', [], null],
      ['12', 'Untitled', ['Comedy'], null],
    ])
  })

  // Counted with awk over the same file:
  // zcat ratings.dat.gz | awk -F:: '{ c[$3 >= 8 ? "like" : $3 >= 5 ? "view" : "dislike"]++ } END { for (t in c) print t, c[t] }'
  it('movietweetings: the bundled file makes 50,542 likes, 41,899 views and 7,559 dislikes', async () => {
    const directory = fileURLToPath(new URL('../../../data/movietweetings', import.meta.url))
    const counts: Record<string, number> = {}
    const seen = new Set<string>()
    let lastMs = 0
    for await (const event of setOf('movietweetings').events(directory, new Map())) {
      counts[event.type] = (counts[event.type] ?? 0) + 1
      seen.add(event.eventId)
      assert.ok(event.occurredAt >= lastMs)
      lastMs = event.occurredAt
    }
    assert.deepEqual(counts, { like: 50_542, view: 41_899, dislike: 7_559 })
    assert.equal(seen.size, 100_000)
    assert.equal(lastMs, 1_378_067_265_000) // 2013-09-01 20:27:45 UTC
    let items = 0
    for await (const row of setOf('movietweetings').items?.(directory) ?? []) {
      assert.ok('value' in row)
      items++
    }
    assert.equal(items, 10_506)
  })

  it('online-retail-ii: purchases with their order; cancellations and the overlap are left out and counted', async () => {
    const { events, items, leftOut } = await readSet('online-retail-ii', {
      'online_retail_2009-12_2010-12.csv.gz': [
        'Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country',
        '1,85123a,"HEART, WHITE",6,2010-11-30 23:59:00,2.55,13085,United Kingdom',
        'C2,85123A,HEART,-6,2010-11-30 23:59:00,2.55,13085,United Kingdom',
        '3,85123A,HEART,1,2010-12-01 00:00:00,2.55,13085,United Kingdom',
      ],
      'online_retail_2010-12_2011-12.csv.gz': [
        'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country',
        '3,85123A,HEART WHITE,1,2010-12-01 00:00:00,3,13085.0,United Kingdom',
        '3,POST,POSTAGE,1,2010-12-01 00:00:00,18,13085.0,United Kingdom',
        '4,71053,LANTERN,1,2010-12-02 00:00:00,3.39,,France',
        '5,71053,LANTERN,1,2010-12-02 00:00:00,0,13085.0,France',
      ],
    })
    assert.deepEqual(ids(events), ['online-retail-ii:2009-1#purchase', 'online-retail-ii:2010-1#purchase'])
    assert.deepEqual(
      events.map(event => [event.userId, event.itemId, event.orderId, event.quantity, event.price]),
      [
        ['13085', '85123A', '1', 6, 2.55],
        ['13085', '85123A', '3', 1, 3],
      ],
    )
    assert.equal(events[0]?.occurredAt, Date.UTC(2010, 10, 30, 23, 59))
    assert.deepEqual(leftOut, {
      'cancelled invoice': 1,
      'in the second file too': 1,
      'not a product': 1,
      'no customer': 1,
      'nothing bought or nothing paid': 1,
    })
    assert.deepEqual(
      items.map(row => 'value' in row && [row.id, row.value.title, row.value.price]),
      [
        ['85123A', 'HEART WHITE', 3],
        ['71053', 'LANTERN', 3.39],
      ],
    )
  })

  it('serenade-sessions: a session is an anonymous visitor, clicks in order of time', async () => {
    const header = 'SessionId\tItemId\tTime'
    const { events } = await readSet('serenade-sessions', {
      'train.txt.gz': [header, '7\t1\t1592337765.0', '8\t2\t1592337718.5'],
      'valid.txt.gz': [header],
      'test.txt.gz': [header, '9\t3\t1592337719'],
    })
    assert.deepEqual(ids(events), [
      'serenade-sessions:train-2#click',
      'serenade-sessions:test-1#click',
      'serenade-sessions:train-1#click',
    ])
    assert.deepEqual(
      [events[0]?.userId, events[0]?.anonymousId, events[0]?.sessionId, events[0]?.occurredAt],
      [null, '8', '8', 1_592_337_718_500],
    )
  })

  it('kuairand: one exposure becomes an impression and what came of it', async () => {
    const header =
      'user_id,video_id,date,hourmin,time_ms,is_click,is_like,is_follow,is_comment,is_forward,is_hate,long_view,play_time_ms,duration_ms,profile_stay_time,comment_stay_time,is_profile_enter,is_rand,tab'
    const liked = '712,5239,20220425,0,2000,1,1,0,0,0,0,1,61802,49866,0,0,0,0,1'
    const { events, items, leftOut } = await readSet('kuairand', {
      'log_standard_4_25_to_5_08_pure.csv.gz': [
        header,
        liked,
        '9,6,20220425,0,1000,0,0,0,0,0,1,0,5,10,0,0,0,0,2',
        liked,
      ],
      'video_features_basic_pure.csv.gz': [
        'video_id,author_id,video_type,upload_dt,upload_type,visible_status,video_duration,server_width,server_height,music_id,music_type,tag',
        '5,8367059,NORMAL,2022-04-10,Web,0.0,358016.0,960.0,720.0,9148581891,9.0,"20,43"',
      ],
    })
    assert.deepEqual(ids(events), [
      'kuairand:2#impression',
      'kuairand:2#dislike',
      'kuairand:1#impression',
      'kuairand:1#click',
      'kuairand:1#view',
      'kuairand:1#like',
    ])
    const [shown] = events
    assert.deepEqual([shown?.itemId, shown?.items], [null, [{ itemId: '6', position: null }]])
    const view = events.find(event => event.type === 'view')
    assert.deepEqual([view?.dwellMs, view?.completion, view?.surface], [61_802, 1, 'tab-1'])
    assert.deepEqual(leftOut, { 'repeats an earlier row': 1 })
    assert.deepEqual(
      items.map(row => 'value' in row && [row.value.categories, row.value.durationMs]),
      [[['tag-20', 'tag-43'], 358_016]],
    )
  })

  it('retailrocket: carts and transactions keep their names and orders', async () => {
    const { events, leftOut } = await readSet('retailrocket', {
      'events_sample.csv.gz': [
        'timestamp,visitorid,event,itemid,transactionid',
        '3000,1,transaction,10,77',
        '1000,1,view,10,',
        '2000,1,addtocart,10,',
        '1000,1,view,10,',
      ],
    })
    assert.deepEqual(
      events.map(event => [event.type, event.orderId]),
      [
        ['view', null],
        ['add_to_cart', null],
        ['purchase', '77'],
      ],
    )
    assert.deepEqual(leftOut, { 'repeats an earlier row': 1 })
  })

  it('movielens: half stars, and tags of people', async () => {
    const { events, items } = await readSet('movielens', {
      'ratings.csv.gz': ['userId,movieId,rating,timestamp', '1,1,4.0,3', '1,2,3.5,2', '1,3,2.5,2', '1,4,2.0,1'],
      'movies.csv.gz': [
        'movieId,title,genres',
        '1,"Toy Story, The (1995)",Adventure|Children',
        '2,X,(no genres listed)',
      ],
      'tags.csv.gz': ['userId,movieId,tag,timestamp', '2,1,Funny,1', '3,1,funny,1'],
    })
    assert.deepEqual(
      events.map(event => event.type),
      ['dislike', 'view', 'view', 'like'],
    )
    assert.deepEqual(
      items.map(row => 'value' in row && [row.value.title, row.value.categories, row.value.tags]),
      [
        ['Toy Story, The', ['Adventure', 'Children'], ['funny']],
        ['X', [], []],
      ],
    )
  })

  it('a row that cannot be read ends the reading with its number', async () => {
    const reading = readSet('movielens', {
      'ratings.csv.gz': ['userId,movieId,rating,timestamp', '1,1,4.0'],
      'movies.csv.gz': [],
    })
    await assert.rejects(reading, /ratings\.csv\.gz:2: wanted 4 fields as the first line has, got 3/)
  })
})
