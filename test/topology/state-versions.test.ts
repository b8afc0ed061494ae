/** State whose schema has changed: read by newer programs, refused where it cannot be, while old and new programs run side by side. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { defineProcessor, paged, single, type Versions } from '../../processors/define.ts'
import type { Arrival } from '../../processors/events.ts'
import { recordSchemaOf } from '../../schemas/record.ts'
import { topics } from '../../schemas/topics.ts'
import { digestOf } from '../../topology/digest.ts'
import { foldHash, readableHashes, type Stage, type Topology, topology } from '../../topology/graph.ts'
import type { LogRecord } from '../../topology/log-port.ts'
import { pageFormat, pageVersion, versionProblems } from '../../topology/page-versions.ts'
import { readState } from '../../topology/read-state.ts'
import { readToEnd } from '../../topology/read-to-end.ts'
import { TaskState } from '../../topology/state.ts'
import { Driver } from './driver.ts'
import { interactionOf } from './sample.ts'

const schemaOf = (...fields: readonly { name: string; type: string; default?: unknown }[]) =>
  // biome-ignore lint/suspicious/noExplicitAny: rows of three schemas
  recordSchemaOf<any>('row', JSON.stringify({ type: 'record', name: 'Row', fields }))
/** The first version counts; the second knows the last item too, which Avro resolves; the third calls the count by another name. */
const first = schemaOf({ name: 'events', type: 'int' })
const second = schemaOf({ name: 'events', type: 'int' }, { name: 'last', type: 'string', default: '' })
const third = schemaOf({ name: 'last', type: 'string' }, { name: 'seen', type: 'long' })
const upcast = ({ events, last }: { events: number; last: string }) => ({ last, seen: events })

/** Of each version: how it writes, how it reads older ones, what it makes of a row. */
const PROGRAMS = {
  1: { part: single(first), next: (row: { events: number } | undefined) => ({ events: (row?.events ?? 0) + 1 }) },
  2: {
    part: single(second, { now: 2, older: { 1: { schema: first } } }),
    next: (row: { events: number } | undefined, last: string) => ({ events: (row?.events ?? 0) + 1, last }),
  },
  3: {
    part: single(third, { now: 3, older: { 1: { schema: first }, 2: { schema: second, upcast } } }),
    next: (row: { seen: number } | undefined, last: string) => ({ last, seen: (row?.seen ?? 0) + 1 }),
  },
} as const

function program(version: 1 | 2 | 3, part: ReturnType<typeof single> = PROGRAMS[version].part): Topology {
  const { next } = PROGRAMS[version]
  const counting = defineProcessor({
    name: 'counting',
    version: 1,
    class: 'D',
    input: 'stage',
    store: { name: 'rows', parts: { row: part }, bound: 'one row a visitor' },
    counters: {},
    key: (event: Arrival) => event.key ?? '',
    step: (state, event) => ({ state: { row: next(state.row as never, event.value.itemId ?? '') } }),
  })
  return topology({
    sources: [topics.interactions],
    stages: [
      {
        name: 'sample',
        inputs: [topics.interactions],
        processors: [counting],
        rejectsTo: topics.rejected,
        eventsOf: (_topic, key, value, origin) => [{ value, key, origin }],
      },
    ],
    views: [],
    sink: [],
  })
}
const stageOf = (graph: Topology): Stage => graph.stages[0] as Stage

class Log {
  readonly driver: Driver
  #sent = 0
  constructor(driver: Driver) {
    this.driver = driver
  }
  async publish(...visitors: readonly string[]): Promise<void> {
    const records = visitors.map(key => ({ key, value: interactionOf(key, `i${this.#sent++}`) }))
    await this.driver.publish(topics.interactions, records)
    await this.driver.settle(500)
  }
  /** Runs a program on what visitors do, and stops it. @returns why it stopped by itself */
  async run(graph: Topology, ...visitors: readonly string[]): Promise<Error | undefined> {
    const process = await this.driver.start(undefined, { topology: graph })
    await this.publish(...visitors)
    await process.stop()
    return process.fatal[0]
  }
  async rows(graph: Topology): Promise<Record<string, unknown>> {
    const { states } = await readState(this.driver.log, stageOf(graph), topic => topic.name)
    const entries = states.flatMap(state =>
      [...state.entries(0)].map(([key, { row }]) => [key, { ...(row as object) }]),
    )
    return Object.fromEntries(entries)
  }
  /** Visitor → version of their page as it stands in the changelog. */
  async versions(): Promise<Record<string, number>> {
    const pages: LogRecord[] = []
    await readToEnd(this.driver.log, ['sample-changelog.v1'], one => one.key?.[0] === 3 && pages.push(one))
    return Object.fromEntries(pages.map(({ key, headers }) => [key?.toString('utf8', 4), pageVersion(headers)]))
  }
}

async function opened(t: TestContext, partitions = 1): Promise<Log> {
  const driver = await Driver.open(program(1), { partitions })
  t.after(() => driver.close())
  return new Log(driver)
}

const isMismatch = (error: Error | undefined, says: RegExp) => {
  assert.equal((error as { code?: string } | undefined)?.code, 'STATE_MISMATCH')
  assert.match(error?.message ?? '', says)
}

describe('state of another version', () => {
  it('is read by Avro where fields were added, by an upcaster elsewhere, page by page, through several versions', async t => {
    const log = await opened(t)
    assert.equal(await log.run(program(1), 'ann', 'bob', 'cyd', 'ann'), undefined)
    assert.equal(await log.run(program(2), 'bob', 'cyd'), undefined)
    assert.deepEqual(await log.versions(), { ann: 1, bob: 2, cyd: 2 })
    assert.equal(await log.run(program(3), 'cyd'), undefined)
    assert.deepEqual(await log.versions(), { ann: 1, bob: 2, cyd: 3 })
    assert.deepEqual(await log.rows(program(3)), {
      ann: { last: '', seen: 2 },
      bob: { last: 'i4', seen: 2 },
      cyd: { last: 'i6', seen: 3 },
    })
    assert.equal(await log.run(program(3), 'ann', 'bob'), undefined)
    assert.deepEqual(await log.versions(), { ann: 3, bob: 3, cyd: 3 })
  })

  it('ends with the digest that the newest program alone would have', async t => {
    const digests = []
    for (const versions of [
      [1, 2, 3, 3],
      [1, 3, 3, 3],
      [3, 3, 3, 3],
    ] as const) {
      const log = await opened(t, 4)
      for (const version of versions) await log.run(program(version), 'ann', 'bob', 'cyd', 'dan', 'eve')
      const { states } = await readState(log.driver.log, stageOf(program(3)), topic => topic.name)
      digests.push(digestOf(stageOf(program(3)), states))
    }
    assert.deepEqual(digests[0], digests[2])
    assert.deepEqual(digests[1], digests[2])
  })

  it('of a newer program is refused, and nothing of it changed', async t => {
    const log = await opened(t)
    await log.run(program(1), 'ann', 'bob')
    await log.run(program(2), 'ann')
    const before = await log.rows(program(2))
    isMismatch(await log.run(program(1), 'ann'), /written by a newer|other options or processor versions|version 2/)
    assert.deepEqual(await log.rows(program(2)), before)
    assert.equal(await log.run(program(2)), undefined)
    assert.deepEqual(await log.rows(program(2)), { ann: { events: 3, last: 'i3' }, bob: { events: 1, last: '' } })
  })

  it('of an older program is refused where there is no way to read it', async t => {
    const log = await opened(t)
    await log.run(program(1), 'ann')
    isMismatch(await log.run(program(2, single(second)), 'ann'), /rebuild the state: see docs\/operations.md/)
    // The third program in a later release, which has dropped the first version.
    const later = single(third, { now: 3, older: { 2: { schema: second, upcast } } })
    isMismatch(
      await log.run(program(3, later), 'ann'),
      /version 1, this program reads versions 2 to 3; run a program in between/,
    )
    assert.equal(await log.run(program(3)), undefined)
  })

  it('goes on in a rolling upgrade: old and new run side by side, and what has moved to the new stays there', async t => {
    const log = await opened(t, 6)
    const visitors = Array.from({ length: 40 }, (_, n) => `v${n}`)
    const old = [log.driver.log.client('old a'), log.driver.log.client('old b')]
    const processes = []
    for (const client of old) processes.push(await log.driver.start(client, { topology: program(1) }))
    await log.publish(...visitors)
    for (const [n, client] of ['new a', 'new b'].entries()) {
      await processes[n]?.stop()
      processes.push(await log.driver.start(log.driver.log.client(client), { topology: program(2) }))
      await log.publish(...visitors)
    }
    assert.deepEqual(
      processes.map(one => one.fatal),
      [[], [], [], []],
    )
    const rows = (await log.rows(program(2))) as Record<string, { events: number }>
    assert.deepEqual(
      visitors.map(visitor => rows[visitor]?.events),
      visitors.map(() => 3),
    )
    // One too early: it is handed a task of the new program and stops by itself; the new ones go on.
    const late = await log.driver.start(log.driver.log.client('old c'), { topology: program(1) })
    await log.publish(...visitors)
    isMismatch(late.fatal[0], /version 2, this program reads version 1; a newer program wrote it/)
    await late.stop()
    await log.publish()
    const after = (await log.rows(program(2))) as Record<string, { events: number }>
    assert.deepEqual(
      visitors.map(visitor => after[visitor]?.events),
      visitors.map(() => 4),
    )
  })
})

describe('versions of a part', () => {
  const older = { 1: { schema: first }, 2: { schema: second, upcast } }
  const cases: { name: string; versions: Versions; says: RegExp[] }[] = [
    { name: 'all there', versions: { now: 3, older }, says: [] },
    { name: 'the oldest dropped', versions: { now: 3, older: { 2: older[2] } }, says: [] },
    {
      name: 'a hole',
      versions: { now: 3, older: { 1: older[1] } },
      says: [/every version from 1 to 2, got none for 2/],
    },
    { name: 'every older one dropped', versions: { now: 3, older: {} }, says: [] },
    { name: 'the present one among the older', versions: { now: 2, older }, says: [/from 1 to 1, got 2/] },
    { name: 'no second version', versions: { now: 1, older: {} }, says: [/from 2 on, got 1/] },
    {
      name: 'what Avro cannot resolve',
      versions: { now: 3, older: { 2: { schema: second } } },
      says: [/version 2 cannot be read as version 3 without an upcaster/],
    },
  ]
  for (const { name, versions, says } of cases)
    it(name, () => {
      const problems = versionProblems(single(third, versions))
      assert.equal(problems.length, says.length, problems.join('\n'))
      for (const [n, pattern] of says.entries()) {
        assert.match(problems[n] ?? '', pattern)
        assert.throws(() => program(3, single(third, versions)), { code: 'INVALID_CONFIG', message: pattern })
        assert.throws(() => pageFormat(single(third, versions)), { code: 'INVALID_CONFIG' })
      }
    })

  it('pages of the first version carry no header, so that they cost nothing', () => {
    for (const part of [single(first), paged(first)]) assert.equal(pageFormat(part).headers, undefined)
    assert.deepEqual(pageFormat(PROGRAMS[2].part).headers, { v: Buffer.from('2') })
    const state = new TaskState(stageOf(program(1)))
    state.set(0, 'ann', { row: { events: 1 } })
    const [record] = [...state.changes('t', 0)]
    assert.deepEqual(Object.keys(record ?? {}), ['topic', 'partition', 'key', 'value'])
  })

  it('a start goes on with the hashes of the same folds under schemas it can read, and with no other', () => {
    const hashOf = (version: 1 | 2 | 3) => foldHash(stageOf(program(version)))
    assert.deepEqual(readableHashes(stageOf(program(1))), new Set([hashOf(1)]))
    assert.deepEqual(readableHashes(stageOf(program(3))), new Set([hashOf(3), hashOf(1), hashOf(2)]))
  })

  it('a page of a version it does not know is refused either way, before it is decoded', () => {
    const format = pageFormat(single(third, { now: 3, older: { 2: older[2] } }))
    const page = second.encode({ events: 7, last: 'x' })
    assert.deepEqual({ ...(format.decode(page, 2) as object) }, { last: 'x', seen: 7 })
    assert.throws(
      () => format.decode(page, 4),
      /version 4, this program reads versions 2 to 3; a newer program wrote it/,
    )
    assert.throws(() => format.decode(page, 1), /version 1, .* run a program in between/)
    assert.throws(() => format.decode(page, Number.NaN), { code: 'STATE_MISMATCH' })
    assert.throws(() => format.decode(page, 3), { code: 'STATE_MISMATCH' })
  })
})
