import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { MemoryRegistry } from '../../connectors/embedded/memory-registry.ts'
import { Progress } from '../../connectors/progress.ts'
import { replay, type ReplayOptions } from '../../connectors/replay.ts'
import { ReplayPosition } from '../../connectors/replay-position.ts'
import { withDefaults } from '../../connectors/with-defaults.ts'
import { partitionOf } from '../../schemas/ids.ts'
import { type Interaction, interaction } from '../../schemas/interaction.ts'
import { topics } from '../../schemas/topics.ts'
import { Wire } from '../../schemas/wire.ts'
import type { LogRecord } from '../../topology/log-port.ts'
import { readToEnd } from '../../topology/read-to-end.ts'
import { SimulatedLog } from '../../topology/simulated-log.ts'

const COUNT = 1_700
const NOW_MS = 1_800_000_000_000
const STEP_MS = 1_000

async function* events(): AsyncGenerator<Interaction> {
  for (let n = 0; n < COUNT; n++)
    yield withDefaults(interaction, {
      eventId: `${n}`,
      userId: `u${n % 7}`,
      itemId: 'i',
      type: 'view',
      occurredAt: 1_000_000 + n * STEP_MS,
    })
}

async function harness(
  check: (h: {
    run(o?: Partial<ReplayOptions>): ReturnType<typeof replay>
    read(): Promise<Interaction[]>
    clock: { now(): number }
    log: SimulatedLog
  }) => Promise<void>,
) {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-replay-'))
  try {
    const log = new SimulatedLog()
    const settings = { cleanup: 'delete', retentionMs: -1, appendTime: true } as const
    await log.ensureTopics([{ name: topics.interactions.name, partitions: 3, ...settings }])
    const wire = await Wire.open(new MemoryRegistry(), 'freshet', [topics.interactions])
    let nowMs = NOW_MS
    const clock = {
      now: () => nowMs,
      wait: async (ms: number) => {
        nowMs += ms
      },
    }
    const position = new ReplayPosition(join(directory, 'deep', 'replay.json'))
    await check({
      log,
      clock,
      run: o =>
        replay({ events, log, wire, namespace: 'freshet', format: 'avro', position, shiftToNow: false, clock, ...o }),
      async read() {
        const found: LogRecord[] = []
        await readToEnd(log, [topics.interactions.name], record => found.push(record))
        for (const { key, partition } of found) assert.equal(partition, partitionOf(String(key), 3))
        return found.map(({ value }) => wire.decode(topics.interactions, value))
      },
    })
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const numbers = (found: readonly Interaction[]) => found.map(one => Number(one.eventId)).sort((a, b) => a - b)
const all = Array.from({ length: COUNT }, (_, n) => n)

describe('replay', () => {
  for (const format of ['avro', 'json'] as const)
    it(`writes every event once, as ${format}, with its own time`, () =>
      harness(async ({ run, read }) => {
        assert.deepEqual(await run({ format }), { sent: COUNT, done: COUNT, total: COUNT })
        const found = await read()
        assert.deepEqual(numbers(found), all)
        for (const { eventId, occurredAt } of found) assert.equal(occurredAt, 1_000_000 + Number(eventId) * STEP_MS)
      }))

  it('goes on where it was interrupted, with the shift of the first start', () =>
    harness(async ({ run, read, clock }) => {
      const stop = new AbortController()
      const first = await run({
        shiftToNow: true,
        signal: stop.signal,
        onProgress: done => {
          if (done >= 1_000) stop.abort()
        },
      })
      assert.deepEqual(first, { sent: 1_000, done: 1_000, total: COUNT })
      await clockForward(clock)
      assert.deepEqual(await run({ shiftToNow: true }), { sent: COUNT - 1_000, done: COUNT, total: COUNT })
      assert.deepEqual(await run({ shiftToNow: true }), { sent: 0, done: COUNT, total: COUNT })
      const found = await read()
      assert.deepEqual(numbers(found), all)
      for (const { eventId, occurredAt } of found)
        assert.equal(occurredAt, NOW_MS - (COUNT - 1 - Number(eventId)) * STEP_MS)
    }))

  it('begins when the position stands, so that an interruption there is resumed, and again at each resumption', () =>
    harness(async ({ run, read }) => {
      const onBegin = async () => {
        throw new Error('interrupted')
      }
      await assert.rejects(run({ shiftToNow: true, onBegin }), /interrupted/)
      assert.equal((await read()).length, 0)
      let begun = 0
      const result = await run({
        shiftToNow: true,
        onBegin: async () => {
          begun++
          assert.equal((await read()).length, 0)
        },
      })
      assert.deepEqual([begun, result.done], [1, COUNT])
    }))

  for (const text of ['', '{', 'null', '{"shiftMs":0}'])
    it(`a position that reads ${JSON.stringify(text)} is named, with what to do`, () => {
      const directory = mkdtempSync(join(tmpdir(), 'freshet-position-'))
      try {
        writeFileSync(join(directory, 'p.json'), text)
        assert.throws(() => new ReplayPosition(join(directory, 'p.json')).load(), /p\.json: .*delete it to begin anew/)
      } finally {
        rmSync(directory, { recursive: true })
      }
    })

  it('plays a thousand seconds in ten at a hundredfold speed', () =>
    harness(async ({ run, clock }) => {
      await run({ speed: 100, limit: 1_001 })
      assert.equal(clock.now() - NOW_MS, 10_000)
    }))

  it('waits while too much is unread', () =>
    harness(async ({ run, log }) => {
      let sent = 0
      let asked = 0
      await run({
        onProgress: done => {
          sent = done
        },
        // Behind by too much until it has been asked 50 times, whatever was sent.
        lag: () => (asked++ < 50 ? 20_001 : 0),
        clock: {
          now: () => NOW_MS,
          wait: async () => {
            if (asked < 50) assert.equal(sent, 500)
          },
        },
      })
      assert.equal(sent, COUNT)
      assert.ok(asked > 50)
      await log.idle()
    }))

  it('a limit ends it early, a greater one goes on', () =>
    harness(async ({ run, read }) => {
      assert.deepEqual(await run({ limit: 600 }), { sent: 600, done: 600, total: 600 })
      assert.deepEqual(await run({ limit: 700 }), { sent: 100, done: 700, total: 700 })
      assert.equal((await read()).length, 700)
    }))
})

const clockForward = async (clock: { now(): number; wait?(ms: number): Promise<void> }) => clock.wait?.(86_400_000)

describe('progress', () => {
  const drawn = (isTTY: boolean) => {
    let nowMs = 0
    const written: string[] = []
    const progress = new Progress({
      label: 'replay',
      unit: 'events',
      stream: { write: text => written.push(text), isTTY },
      now: () => nowMs,
    })
    return { progress, written, at: (ms: number) => (nowMs = ms) }
  }

  it('says share, rate, lag and time left', () => {
    const { progress, written, at } = drawn(false)
    progress.update(0, 10_000, 0)
    at(2_000)
    progress.update(4_000, 10_000, 12)
    assert.equal(
      progress.line(4_000, 10_000, 12),
      'replay [#########...............] 40 % 4,000 of 10,000 events · 2,000/s · lag 12 · 3 s left',
    )
    assert.equal(written.length, 1) // the second came within five seconds
  })

  it('draws over itself on a terminal and writes plain lines elsewhere', () => {
    const terminal = drawn(true)
    terminal.progress.update(1, 2)
    terminal.progress.end(2, 2)
    assert.ok(terminal.written[0]?.startsWith('\r\x1b[2K'))
    assert.equal(terminal.written.at(-1), '\n')
    const plain = drawn(false)
    plain.progress.end(2, 2)
    assert.deepEqual(plain.written, ['replay [########################] 100 % 2 of 2 events\n'])
  })
})
