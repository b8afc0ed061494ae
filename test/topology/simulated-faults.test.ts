/** What the simulated log does beyond the suite: deaths, timeouts, lost answers, zombies, compaction, and that a seed repeats a run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FencedError, IndefiniteError } from '../../topology/log-port.ts'
import type { Scheduler, StepLabel, Verdict } from '../../topology/scheduler.ts'
import { CrashedError } from '../../topology/simulated-client.ts'
import { SimulatedLog } from '../../topology/simulated-log.ts'
import { Harness, out, Reader } from '../conformance/log-port-harness.ts'

/** A log whose next step of a label gets a verdict, once. */
function faulty() {
  const next = new Map<StepLabel, Verdict>()
  const clock = { nowMs: 0 }
  const scheduler: Scheduler = {
    step(_client, label) {
      const verdict = next.get(label) ?? 'run'
      next.delete(label)
      return verdict
    },
  }
  const log = new SimulatedLog({ scheduler, now: () => clock.nowMs })
  return { log, clock, next, h: new Harness({ log, capabilities: {}, cleanup: async () => {} }) }
}

async function join(log: SimulatedLog, name: string, topic: string) {
  const client = log.client(name)
  const reader = new Reader([topic], { group: 'g' })
  reader.consumer = await client.consume(reader.options)
  await log.idle()
  return { client, reader, held: () => reader.assignments.at(-1)?.map(at => at.partition) }
}

test('an answer lost after the end of a transaction is an IndefiniteError, and the records are there', async () => {
  const { log, next, h } = faulty()
  const topic = await h.topic()
  const reader = await h.read(topic)
  const transactor = await log.transactor('t')
  next.set('commit:end', 'lose-answer')
  await assert.rejects(transactor.commit(out(topic, 'a')), IndefiniteError)
  await log.idle()
  assert.deepEqual(reader.texts, ['a'])
  await assert.rejects(transactor.commit(out(topic, 'b')))
})

test('a request lost before the end of a transaction is an IndefiniteError, and the next holder aborts it', async () => {
  const { log, next, h } = faulty()
  const topic = await h.topic()
  const reader = await h.read(topic)
  next.set('commit:end', 'lose-request')
  await assert.rejects((await log.transactor('t')).commit(out(topic, 'a')), IndefiniteError)
  await log.produce(out(topic, 'b'))
  await log.idle()
  assert.deepEqual(reader.texts, [])
  await log.transactor('t')
  await log.idle()
  assert.deepEqual(reader.texts, ['b'])
})

for (const label of ['commit:begin', 'commit:append', 'commit:end'] as const) {
  test(`a holder fenced at ${label} leaves nothing to be read`, async () => {
    const { log, next, h } = faulty()
    const topic = await h.topic()
    const reader = await h.read(topic)
    const transactor = await log.transactor('t')
    next.set(label, 'fence')
    await assert.rejects(transactor.commit(out(topic, 'a')), FencedError)
    await log.idle()
    assert.deepEqual(reader.texts, [])
  })
}

test('an open transaction holds readers back until its timeout, not one millisecond less', async () => {
  const { log, clock, next, h } = faulty()
  const topic = await h.topic()
  const reader = await h.read(topic)
  const dying = log.client('dying')
  const transactor = await dying.transactor('t')
  next.set('commit:end', 'crash')
  await assert.rejects(transactor.commit(out(topic, 'a')), CrashedError)
  await log.produce(out(topic, 'b'))
  for (const [nowMs, texts] of [
    [2_999, []],
    [3_000, ['b']],
  ] as const) {
    clock.nowMs = nowMs
    log.tick()
    await log.idle()
    assert.deepEqual(reader.texts, texts)
  }
  await assert.rejects(dying.offsets(topic), CrashedError)
})

test('a crash between two requests of one transaction leaves no part of it to be read', async () => {
  let requests = 0
  const scheduler: Scheduler = { step: (_, label) => (label === 'commit:append' && ++requests === 3 ? 'crash' : 'run') }
  const log = new SimulatedLog({ scheduler })
  const h = new Harness({ log, capabilities: {}, cleanup: async () => {} })
  const topic = await h.topic()
  const reader = await h.read(topic)
  const values = Array.from({ length: 250 }, (_, n) => `${n}`)
  await assert.rejects((await log.client('dying').transactor('t')).commit(out(topic, ...values)), CrashedError)
  await log.transactor('t')
  await log.idle()
  assert.equal(await h.end(topic), 201, '200 records and the abort marker')
  assert.deepEqual(reader.texts, [])
})

test('the partitions of a dead member go to the living when its session runs out', async () => {
  const { log, clock, h } = faulty()
  const topic = await h.topic({ partitions: 4 })
  const [a, b] = [await join(log, 'a', topic), await join(log, 'b', topic)]
  await log.idle()
  assert.deepEqual([...(a.held() ?? []), ...(b.held() ?? [])].sort(), [0, 1, 2, 3])
  a.client.crash()
  const before = b.reader.assignments.length
  clock.nowMs = 5_999
  log.tick()
  await log.idle()
  assert.equal(b.reader.assignments.length, before)
  clock.nowMs = 6_000
  log.tick()
  await log.idle()
  assert.deepEqual(b.held(), [0, 1, 2, 3])
  await log.produce(out(topic, 'late'))
  await log.idle()
  assert.deepEqual(a.reader.texts, [])
  assert.deepEqual(b.reader.texts, ['late'])
})

test('a member that stays keeps its partitions when another joins', async () => {
  const { log, h } = faulty()
  const topic = await h.topic({ partitions: 4 })
  const a = await join(log, 'a', topic)
  const b = await join(log, 'b', topic)
  const [ofA, ofB] = [a.held(), b.held()]
  const c = await join(log, 'c', topic)
  assert.ok(a.held()?.every(partition => ofA?.includes(partition)))
  assert.ok(b.held()?.every(partition => ofB?.includes(partition)))
  assert.equal(c.held()?.length, 1)
})

test('an expelled member is a zombie until its next heartbeat, then joins again', async () => {
  const { log, clock, h } = faulty()
  const topic = await h.topic({ partitions: 2 })
  const [a, b] = [await join(log, 'a', topic), await join(log, 'b', topic)]
  const [mine = 0] = a.held() ?? []
  a.client.expel()
  await log.idle()
  assert.deepEqual(b.held(), [0, 1])
  await log.produce([{ topic, partition: mine, key: null, value: Buffer.from('x') }])
  await log.idle()
  assert.deepEqual([a.reader.texts, b.reader.texts], [['x'], ['x']], 'both read the partition')
  for (const [nowMs, partitions] of [
    [499, 2],
    [500, 1],
  ] as const) {
    clock.nowMs = nowMs
    log.tick()
    await log.idle()
    assert.equal(b.held()?.length, partitions)
  }
  assert.equal(a.held()?.length, 1)
  assert.notDeepEqual(a.held(), b.held())
})

test('a group waits with its new assignment until the handlers under way have returned', async () => {
  const { log, h } = faulty()
  const topic = await h.topic({ partitions: 2 })
  let release: () => void = () => {}
  const gate = new Promise<void>(resolve => {
    release = resolve
  })
  const first = await h.read(topic, { group: 'g', onBatch: () => gate })
  await first.until(({ assignments }) => assignments.length === 1)
  await log.produce(out(topic, 'x'))
  const second = await h.read(topic, { group: 'g' })
  for (let turn = 0; turn < 20; turn++) await new Promise<void>(resolve => setImmediate(resolve))
  assert.deepEqual(second.assignments, [])
  release()
  await second.until(({ assignments }) => assignments.length === 1)
  assert.deepEqual(first.texts, ['x'])
  await log.idle()
})

test('duplicates: a produce may append twice, a fetch may begin with records already handled', async () => {
  const { log, next, h } = faulty()
  const topic = await h.topic()
  const reader = await h.read(topic)
  next.set('produce:append', 'duplicate')
  await log.produce(out(topic, 'a'))
  await log.idle()
  assert.deepEqual(reader.texts, ['a', 'a'])
  next.set('consume:fetch', 'duplicate')
  await log.produce(out(topic, 'b'))
  await log.idle()
  assert.deepEqual(reader.texts, ['a', 'a', 'a', 'a', 'b'])
  assert.deepEqual(
    reader.records.map(({ offset }) => offset),
    [0, 1, 0, 1, 2],
  )
})

test('compaction keeps the newest committed record of a key, begin and end, and tombstones until told', async () => {
  const { log, next, h } = faulty()
  const topic = await h.topic({ cleanup: 'compact' })
  const transactor = await log.transactor('t')
  await transactor.commit(out(topic, 'a', 'b', 'a'))
  await transactor.commit([{ topic, partition: 0, key: Buffer.from('b'), value: null }])
  next.set('commit:end', 'lose-request')
  await assert.rejects(transactor.commit(out(topic, 'a')), IndefiniteError)
  await log.transactor('t')
  const [range] = await log.offsets(topic)
  for (const [tombstones, texts] of [
    ['keep', ['a', 'null']],
    ['drop', ['a']],
  ] as const) {
    log.compact(topic, tombstones)
    assert.deepEqual(await log.offsets(topic), [range])
    const reader = await h.read(topic)
    await reader.reaches(range?.end ?? 0)
    assert.deepEqual(reader.texts, texts)
    assert.equal(reader.batches.at(-1)?.isDrained, true)
  }
})

test('compaction forgets an aborted transaction whole: what its writer commits afterwards is seen', async () => {
  const { log, next, h } = faulty()
  const topic = await h.topic({ cleanup: 'compact' })
  next.set('commit:end', 'lose-request')
  await assert.rejects((await log.transactor('t')).commit(out(topic, 'a')), IndefiniteError)
  const transactor = await log.transactor('t')
  log.compact(topic)
  await transactor.commit(out(topic, 'b'))
  const reader = await h.read(topic)
  await reader.reaches((await log.offsets(topic))[0]?.end ?? 0)
  assert.deepEqual(reader.texts, ['b'])
})

test('retention deletes what is as old as it, and keeps what is one millisecond younger', async () => {
  const { log, clock, h } = faulty()
  const topic = await h.topic({ retentionMs: 1_000 })
  await h.produce(topic, 'a')
  clock.nowMs = 1
  await h.produce(topic, 'b')
  clock.nowMs = 1_000
  log.tick()
  assert.deepEqual(await log.offsets(topic), [{ begin: 1, end: 2 }])
})

/** Holds every step back and lets them go in an order drawn from the seed. */
class Shuffled implements Scheduler {
  readonly trace: string[] = []
  readonly #waiting: { label: string; go: () => void }[] = []
  #state: number
  #isTurning = false

  constructor(seed: number) {
    this.#state = seed
  }

  step(client: string, label: StepLabel): Promise<Verdict> {
    return new Promise(resolve => {
      this.#waiting.push({ label: `${client} ${label}`, go: () => resolve('run') })
      this.#turn()
    })
  }

  #turn(): void {
    if (this.#isTurning) return
    this.#isTurning = true
    setImmediate(() => {
      this.#isTurning = false
      this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
      const [chosen] = this.#waiting.splice(this.#state % this.#waiting.length, 1)
      if (chosen) this.trace.push(chosen.label)
      chosen?.go()
      if (this.#waiting.length > 0) this.#turn()
    })
  }
}

async function shuffledRun(seed: number): Promise<string[]> {
  const scheduler = new Shuffled(seed)
  const log = new SimulatedLog({ scheduler })
  await log.ensureTopics([{ name: 't', partitions: 2, cleanup: 'delete', retentionMs: -1, appendTime: true }])
  const readers = ['a', 'b'].map(name => ({ client: log.client(name), reader: new Reader(['t'], { group: 'g' }) }))
  await Promise.all(readers.map(async ({ client, reader }) => await client.consume(reader.options)))
  const writers = await Promise.all(['x', 'y', 'z'].map(id => log.transactor(id)))
  await Promise.all(writers.map((writer, n) => writer.commit(out('t', `${n}`))))
  await log.idle()
  assert.equal(new Set(readers.flatMap(({ reader }) => reader.texts)).size, 3)
  return [...scheduler.trace, ...readers.flatMap(({ reader }) => reader.texts)]
}

test('a seed repeats a run step by step, and another seed gives another run', async () => {
  const runs = new Set<string>()
  for (let seed = 1; seed <= 10; seed++) {
    const run = await shuffledRun(seed)
    assert.deepEqual(await shuffledRun(seed), run, `seed ${seed}`)
    runs.add(run.join())
  }
  assert.ok(runs.size > 5, `${runs.size} different runs of 10`)
})
