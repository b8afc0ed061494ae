/** `freshet evaluate` from the command line: what it prints, writes and refuses. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { main } from '../../cli/main.ts'
import type { EvaluationResult } from '../../experiments/result.ts'

const directory = mkdtempSync(join(tmpdir(), 'freshet-evaluate-'))
after(() => rmSync(directory, { recursive: true }))
const events = join(directory, 'events.csv')
const rows = Array.from({ length: 60 }, (_, n) => `u${n % 9},i${(n * 7) % 13},${1_600_000_000 + n * 60}`)
writeFileSync(events, ['who,what,when', ...rows].join('\n'))
const FILE = ['--events', events, '--map', 'visitorId=who,itemId=what,occurredAt=when']

async function freshet(...words: string[]) {
  const lines: string[] = []
  const said: string[] = []
  const code = await main(['evaluate', ...words], {}, line => void lines.push(line), line => void said.push(line)) // biome-ignore format: one line
  return { code, out: lines.join('\n'), said: said.join('\n') }
}

test('a log of any columns, Freshet beside popularity: a table, reports, and the same JSON twice', async () => {
  const report = join(directory, 'report')
  const words = [...FILE, '--methods', 'freshet,popularity', '--k', '5', '--metric', 'ndcg@5']
  const told = await freshet(...words, '--report', report)
  assert.equal(told.code, 0)
  assert.match(told.out, /^events\.csv, prequential\/known-removed: \d+ questions, data [0-9a-f]{16}, seed 1\n/)
  assert.match(told.out, /\nmethod +NDCG@5 +95 % +HR@5 .*freshet ahead by/)
  assert.match(told.out, /\nfreshet +0\.\d{4} /)
  assert.match(told.out, /\nsource +oracle hit rate\n/)
  assert.match(told.said, /popularity: \d+ questions, [\d.]+ ms of CPU time each/)
  const [one, two] = [await freshet(...words, '--json'), await freshet(...words, '--json')]
  assert.equal(one.out, two.out)
  const result = JSON.parse(one.out) as EvaluationResult
  assert.deepEqual(result, JSON.parse(readFileSync(join(report, 'result.json'), 'utf8')))
  assert.deepEqual(result.methods.map(method => method.name), ['freshet', 'popularity']) // biome-ignore format: one line
  for (const name of ['report.md', 'report.html']) assert.match(readFileSync(join(report, name), 'utf8'), /popularity/)
})

test('the bundled data set by name', async () => {
  const { code, out } = await freshet('--data', 'movietweetings', '--limit', '300', '--methods', 'popularity', '--json')
  assert.equal(code, 0)
  const { data } = JSON.parse(out) as EvaluationResult
  assert.deepEqual([data.name, data.events], ['movietweetings', 300])
})

const refused = [
  { name: 'nothing to read', words: [], wants: /wanted one of --events, --train with --test, or --data; got 0/ },
  { name: 'two things to read', words: [...FILE, '--data', 'kuairand'], wants: /got 2/ },
  { name: 'training without a test', words: ['--train', events], wants: /--train and --test want each other/ },
  { name: 'a file that is not there', words: ['--events', 'nowhere.csv'], wants: /nowhere\.csv: no such file/ },
  { name: 'a field that is not there', words: ['--events', events, '--map', 'x=who'], wants: /x: no such field/ },
  { name: 'an unknown protocol', words: [...FILE, '--protocol', 'p'], wants: /wanted a protocol among .*, got p/ },
  { name: 'an unknown method', words: [...FILE, '--methods', 'm'], wants: /wanted methods among .*, got m/ },
  { name: 'an unknown metric', words: [...FILE, '--metric', 'AUC@5'], wants: /--metric: wanted HR, MRR/ },
  { name: 'a k of 0', words: [...FILE, '--k', '0'], wants: /--k: wanted whole numbers from 1 to 100, got 0/ },
  { name: 'a split of 1', words: [...FILE, '--split', '1'], wants: /--split: wanted a share from 0 to below 1/ },
  { name: 'a data set there is not', words: ['--data', 'd'], wants: /--data: wanted one of movietweetings/ },
  { name: 'a suite without data', words: ['--suite', 'all'], wants: /--suite wants --data-directory/ },
  {
    name: 'a suite there is not',
    words: ['--suite', 'x', '--data-directory', directory],
    wants: /--suite: wanted all or some of/,
  },
]
for (const { name, words, wants } of refused)
  test(`refused: ${name}`, async () => {
    const { code, said } = await freshet(...words)
    assert.equal(code, 2)
    assert.match(said, wants)
  })
