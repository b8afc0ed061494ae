/** A search: what it tries, that the test slice is out of its reach, and that it goes on where it stopped. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { main } from '../../cli/main.ts'
import type { EventLog } from '../../experiments/event-log.ts'
import { methodNames, nameWith, spaceOf } from '../../experiments/methods.ts'
import { draws, searchOf, type Trial } from '../../experiments/tune.ts'
import { defaultFolds } from '../../processors/options.ts'
import { logOf } from './logs.ts'

const space = { a: [1, 2, 3], b: [10, 20] }

test('the defaults are first, then points of the grid, none twice, all of it where that is less', () => {
  const points = draws(space, 100, 1)
  assert.deepEqual(points[0], {})
  assert.equal(points.length, 7)
  assert.equal(new Set(points.map(point => JSON.stringify(point))).size, 7)
  assert.deepEqual(draws(space, 4, 1), points.slice(0, 4))
  assert.notDeepEqual(draws(space, 7, 2), points)
  assert.deepEqual(draws({}, 5, 1), [{}])
})

const words = Array.from({ length: 40 }, (_, n) => `u${n % 5}:i${n}`).join(' ')

test('no trial sees an event of the test slice: neither its items, nor its users, nor its order', async () => {
  const log = logOf(words)
  const seen: EventLog[] = []
  let asked = 0
  const search = searchOf(log, {
    method: 'm',
    space,
    protocol: 'split',
    main: { metric: 'HR', k: 5 },
    trials: 2,
    seed: 1,
    testShare: 0.25,
    validationShare: 0.2,
    done: new Map(),
    async create(_parameters, part) {
      seen.push(part)
      const recommend = () => {
        asked++
        return []
      }
      return { name: 'm', learn() {}, recommend }
    },
  })
  for await (const _ of search.run());
  assert.equal(search.head.validation, 6)
  assert.equal(asked, 12) // of two trials
  for (const part of seen) {
    assert.equal(part.interactions.length, 30)
    assert.ok(!part.items.includes('i30') && part.items.includes('i29'))
  }
})

const directory = mkdtempSync(join(tmpdir(), 'freshet-tune-'))
after(() => rmSync(directory, { recursive: true }))
const events = join(directory, 'events.csv')
const rows = Array.from({ length: 200 }, (_, n) => `u${n % 9},i${(n * n) % 31},${1_600_000_000 + n * 60}`)
writeFileSync(events, ['visitorId,itemId,occurredAt', ...rows].join('\n'))

async function tune(...given: string[]) {
  const out: string[] = []
  const said: string[] = []
  const code = await main(['tune', '--events', events, '--map', 'visitorId=visitorId', ...given], {}, line => void out.push(line), line => void said.push(line)) // biome-ignore format: one line
  return { code, out: out.join('\n'), said: said.join('\n') }
}

test('a search that was stopped, in the middle of a line too, goes on and comes to the same', async () => {
  const words = ['--method', 'item-knn', '--trials', '6', '--json']
  const whole = await tune(...words)
  assert.equal(whole.code, 0)
  const state = join(directory, 'state.jsonl')
  await tune('--method', 'item-knn', '--trials', '3', '--state', state)
  const lines = readFileSync(state, 'utf8').trimEnd().split('\n')
  assert.equal(lines.length, 4)
  writeFileSync(state, `${lines.slice(0, 3).join('\n')}\n${lines[3]?.slice(0, 20)}`)
  const rest = await tune(...words, '--state', state)
  assert.match(rest.said, /^2 trials were done before/m)
  assert.deepEqual(JSON.parse(rest.out), JSON.parse(whole.out))
  const again = await tune(...words, '--state', state)
  assert.match(again.said, /^6 trials were done before/m)
  assert.equal(again.out, rest.out)
  const { trials } = JSON.parse(whole.out) as { trials: Trial[] }
  assert.equal(trials.length, 6)
  for (const [at, one] of trials.entries()) assert.ok(at === 0 || one.mean <= (trials[at - 1] as Trial).mean)
})

test('a state of another search is refused, and says what it is of', async () => {
  const state = join(directory, 'other.jsonl')
  await tune('--method', 'ar', '--trials', '1', '--state', state)
  const { code, said } = await tune('--method', 'ar', '--trials', '1', '--seed', '2', '--state', state)
  assert.equal(code, 2)
  assert.match(said, /is of another search: wanted .*"seed":2.*, got .*"seed":1/)
})

test('what is not understood is told', async () => {
  for (const [words, wants] of [
    [[], /--method: wanted one of freshet/],
    [['--method', 'magic'], /wanted a method among freshet.*, got magic/],
    [['--method', 'ar', '--trials', '0'], /--trials: wanted a whole number above 0/],
    [['--method', 'ar', '--test-share', '1'], /--test-share: wanted a share from 0 to below 1/],
  ] as const) {
    const { code, said } = await tune(...words)
    assert.equal(code, 2)
    assert.match(said, wants)
  }
})

test('every method has a space, and that of freshet is of options there are', () => {
  for (const name of methodNames) assert.ok(spaceOf(name))
  for (const option of Object.keys(spaceOf('freshet'))) assert.ok(option in defaultFolds, option)
  assert.equal(nameWith('freshet', { pairWindowItems: 5 }), 'freshet:pairWindowItems=5')
  assert.equal(nameWith('ar', {}), 'ar')
})
