/** The parts of the harness that could keep silent where they should speak. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { defaultFolds } from '../../processors/options.ts'
import { awakeClock, LONGEST_TURN_MS } from './awake.ts'
import type { Fault } from './fault.ts'
import { faults } from './faults/all.ts'
import { recordsIn } from './foreign-reader.ts'
import { inFrames, kafkaTap, type Passing, STEPS } from './kafka-frames.ts'
import { dateOf, optionsOf, shareOf, UsageError } from './options.ts'
import { isClean, type Outcome, tableOf } from './report.ts'
import { TcpProxy } from './tcp-proxy.ts'
import { checkBySql } from './verify/by-sql.ts'
import { differences, rowsOf } from './verify/rows.ts'

/** A request: apiKey, version 1, correlation, clientId, and a first text. */
function request(apiKey: number, correlation: number, clientId: string, id: string): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)])
  const head = Buffer.alloc(8)
  head.writeInt16BE(apiKey, 0)
  head.writeInt16BE(1, 2)
  head.writeInt32BE(correlation, 4)
  return sized(Buffer.concat([head, text(clientId), text(id)]))
}
function sized(body: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  return Buffer.concat([size, body])
}
function answer(correlation: number): Buffer {
  const body = Buffer.alloc(8)
  body.writeInt32BE(correlation)
  return sized(body)
}

describe('steps of Kafka’s protocol', () => {
  it('are told from frames, however these are cut', () => {
    const bytes = Buffer.concat([request(0, 1, 'w', 'f.user.1'), request(26, 2, 'w', 'f.user.1')])
    for (let cut = 1; cut < bytes.length; cut++) {
      const split = inFrames()
      const frames = [...split(bytes.subarray(0, cut)), ...split(bytes.subarray(cut))]
      assert.deepEqual(
        frames.map(frame => frame.readInt32BE(8)),
        [1, 2],
      )
    }
  })

  it('are those of a client and a stage, and answers are those of their requests', () => {
    const seen: Passing[] = []
    const tap = kafkaTap(passing => {
      seen.push(passing)
      return 'pass'
    })
    const connection = {}
    const sent = request(STEPS.endTxn, 7, 'worker-1', 'freshet.shop.item.3')
    tap({ connection, from: 'client', bytes: sent })
    tap({ connection, from: 'client', bytes: request(3, 8, 'worker-1', '') }) // metadata
    tap({ connection, from: 'server', bytes: answer(8) })
    tap({ connection, from: 'server', bytes: answer(7) })
    const step = { step: 'endTxn', clientId: 'worker-1', stage: 'item' }
    assert.deepEqual(seen, [
      { ...step, isAnswer: false, size: sent.length },
      { ...step, isAnswer: true, size: 12 },
    ])
  })
})

describe('the proxy', () => {
  async function echoing(test: TestContext): Promise<{ proxy: TcpProxy; client: Socket }> {
    const server = createServer(socket => socket.pipe(socket)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const proxy = await TcpProxy.open()
    proxy.target = (server.address() as AddressInfo).port
    const client = connect(proxy.port, '127.0.0.1')
    client.on('error', () => undefined)
    await once(client, 'connect')
    test.after(() => {
      client.destroy()
      proxy.close()
      server.close()
    })
    return { proxy, client }
  }
  const said = async (client: Socket) => String((await once(client, 'data'))[0])

  it('lets pass what nobody holds', async test => {
    const { client } = await echoing(test)
    client.write('one')
    assert.equal(await said(client), 'one')
  })

  it('withholds one piece and lets the next pass', async test => {
    const { proxy, client } = await echoing(test)
    let answers = 0
    proxy.tap = ({ from }) => (from === 'server' && ++answers === 1 ? 'drop' : 'pass')
    client.write('lost')
    while (answers === 0) await new Promise(setImmediate)
    client.write('heard')
    assert.equal(await said(client), 'heard')
  })

  it('cuts a connection with the piece on it', async test => {
    const { proxy, client } = await echoing(test)
    proxy.tap = ({ from }) => (from === 'server' ? 'cut' : 'pass')
    client.on('data', assert.fail)
    client.write('lost')
    await once(client, 'close')
  })

  it('keeps the order of what was delayed', async test => {
    const { proxy, client } = await echoing(test)
    const held = Promise.withResolvers<void>()
    proxy.delayMs = 30
    proxy.tap = () => {
      held.resolve()
      return 'pass'
    }
    client.write('first ')
    await held.promise
    proxy.delayMs = 0
    client.write('second')
    let text = ''
    for await (const chunk of client) {
      text += chunk
      if (text.length >= 'first second'.length) break
    }
    assert.equal(text, 'first second')
  })

  it('opens nothing while it is away', async test => {
    const { proxy, client } = await echoing(test)
    proxy.isAway = true
    await once(client, 'close')
    await once(connect(proxy.port, '127.0.0.1'), 'close')
  })
})

describe('time to wait', () => {
  it('does not pass while all processes are stopped', () => {
    let nowMs = 1_000
    const passed = awakeClock(() => nowMs)
    nowMs += 400
    assert.equal(passed(), 400)
    nowMs += 300_000
    assert.equal(passed(), 400 + LONGEST_TURN_MS)
  })
})

describe('what kcat reads', () => {
  it('may hold any bytes, and nulls are no empty ones', () => {
    const bytes = Buffer.from(
      '0 5 1000 3 4\nk\n1v 9\n\n1 6 1001 -1 0\n2 7 1002 0 -1\n'.replace('v 9\n\n', 'v 9\n'),
      'latin1',
    )
    assert.deepEqual(
      recordsIn(bytes).map(({ key, value, ...place }) => ({
        ...place,
        key: key?.toString(),
        value: value?.toString(),
      })),
      [
        { partition: 0, offset: 5, timestampMs: 1000, key: 'k\n1', value: 'v 9\n' },
        { partition: 1, offset: 6, timestampMs: 1001, key: undefined, value: '' },
        { partition: 2, offset: 7, timestampMs: 1002, key: '', value: undefined },
      ],
    )
  })

  it('is refused where it is something else', () => {
    assert.throws(() => recordsIn(Buffer.from('% ERROR: no such topic\n')), /kcat said something else/)
  })
})

describe('the verifier', () => {
  it('says what is missing, what is too much and what differs', () => {
    const wanted = rowsOf([
      ['a', { x: 1, y: 2 }],
      ['b', 1],
      ['c', 1],
    ])
    const got = rowsOf([
      ['a', { y: 2, x: 1 }],
      ['c', 2],
      ['d', 1],
    ])
    assert.deepEqual(
      differences('store', wanted, got).map(one => one.split(':')[0]),
      ['store of b', 'store of c', 'store of d'],
    )
  })

  const event = {
    visitor: 'u:1',
    eventId: 'e',
    type: 'view',
    halfUnits: 2,
    atMs: 8 * defaultFolds.popularHalfLifeMs,
    itemId: 'i',
    shown: [],
    clientSession: null,
    orderId: null,
    country: null,
    device: 'tv',
    language: null,
    query: null,
  }
  const tablesOf = (views: number, slow: number) => ({
    itemFeatures: new Map([
      [
        'i',
        {
          itemId: 'i',
          row: 0,
          epoch: 0,
          revision: 0,
          item: null,
          counts: { view: views },
          viewedNorm: [],
          boughtNorm: [],
          newestMs: 0,
        },
      ],
    ]),
    popularity: new Map([
      [
        'i',
        {
          itemId: 'i',
          newestMs: 0,
          cells: [{ country: '', device: 'tv', slow: [{ epoch: 1, sum: slow }], fast: [{ epoch: 7, sum: slow }] }],
        },
      ],
    ]),
  })
  // At the very beginning of an epoch a weight of 1, two half-units, is 2 · 2¹⁶.
  for (const [name, views, slow, wanted] of [
    ['agrees', 2, 4 * 65_536, { lost: 0, doubled: 0, wrong: 0 }],
    ['misses an event', 1, 4 * 65_536, { lost: 1, doubled: 0, wrong: 0 }],
    ['has one too many', 3, 4 * 65_536, { lost: 0, doubled: 1, wrong: 0 }],
    ['has other sums', 2, 4 * 65_536 + 1, { lost: 0, doubled: 0, wrong: 2 }],
  ] as const)
    it(`by SQL: a table that ${name}`, () => {
      const { lost, doubled, wrong } = checkBySql([event, event], tablesOf(views, slow), defaultFolds)
      assert.deepEqual({ lost, doubled, wrong: wrong.length }, wanted)
    })
})

describe('the command', () => {
  it('comes to every fault within a week, from whatever day on', () => {
    for (let first = 0; first < faults.length; first++) {
      const seen = new Set(Array.from({ length: 7 }, (_, day) => shareOf(first + day)).flat())
      assert.equal(seen.size, faults.length)
    }
  })

  it('has the faults and the seed of a day again by its date', () => {
    const then = optionsOf([], Date.UTC(2026, 0, 31, 23, 59))
    const later = optionsOf(['--short', '--date', '2026-01-31'], Date.UTC(2026, 5, 1))
    assert(typeof then === 'object' && typeof later === 'object')
    assert.deepEqual([later.faults, later.seed, dateOf(later.day)], [then.faults, then.seed, '2026-01-31'])
    assert.equal(later.faults.length, 8)
    assert.notDeepEqual(later.faults, shareOf(later.day + 1))
  })

  it('has a name of its own for each fault, and all twenty numbers', () => {
    assert.equal(new Set(faults.map(fault => fault.name)).size, faults.length)
    assert.deepEqual(
      [...new Set(faults.map(fault => fault.number))].sort((a, b) => a - b),
      Array.from({ length: 20 }, (_, index) => index + 1),
    )
  })

  for (const args of [
    ['--faults', 'no-such'],
    ['--minutes', '0'],
    ['--rate', 'many'],
    ['--unknown'],
    ['--date', '31.1.2026'],
    ['--short', '--long'],
  ])
    it(`refuses ${args.join(' ')}`, () => {
      assert.throws(() => optionsOf(args, 0), UsageError)
    })

  const clean = {
    fault: faults[0] as Fault,
    records: 5,
    lost: 0,
    doubled: 0,
    answers: 3,
    errors: 0,
    blanks: 0,
    healMs: 1500,
    wrong: [],
  }
  it('is content with a run in which nothing was wrong, and with no other', () => {
    assert.equal(isClean([clean]), true)
    assert.equal(isClean([]), false)
    for (const bad of [{ lost: 1 }, { doubled: 1 }, { errors: 1 }, { blanks: 1 }, { wrong: ['a row'] }])
      assert.equal(isClean([clean, { ...clean, ...bad } as Outcome]), false, JSON.stringify(bad))
  })

  it('adds the runs of a fault up in one row', () => {
    const [, row = ''] = tableOf([clean, { ...clean, healMs: 500 }])
    assert.deepEqual(row.split(/ {2,}/), ['kill-before-commit', '2', '10', '0', '0', '0', '6', '0', '0', '1.5 (≤ 1.5)'])
  })

  it('does not call refused what has not healed', () => {
    const failed = { ...clean, healMs: undefined, wrong: ['waited in vain'] }
    const refusing = { ...failed, fault: { ...clean.fault, name: 'refusing', isRefused: true }, wrong: [] }
    const ends = tableOf([failed, refusing]).map(row => row.split(/ {2,}/).at(-1))
    assert.deepEqual(ends.slice(1, 3), ['–', 'refused'])
  })
})
