import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { main, verbNames } from '../../cli/main.ts'

async function call(words: readonly string[], env: Record<string, string> = {}) {
  const out: string[] = []
  const err: string[] = []
  const code = await main(
    words,
    env,
    line => out.push(line),
    line => err.push(line),
  )
  return { code, out: out.join('\n'), err: err.join('\n') }
}

describe('freshet', () => {
  it('without a verb lists every verb', async () => {
    const { code, out } = await call([])
    assert.equal(code, 2)
    for (const verb of verbNames) assert.match(out, new RegExp(`^  ${verb} `, 'm'))
    assert.equal((await call(['--help'])).code, 0)
  })

  it('has the verbs that the documents name', () => {
    assert.deepEqual(
      verbNames,
      'start run serve import replay send inspect audit redrive reshard rebuild topology services doctor evaluate tune'.split(
        ' ',
      ),
    )
  })

  for (const verb of verbNames)
    it(`${verb} --help shows its flags and an example`, async () => {
      for (const words of [
        [verb, '--help'],
        [verb, '-h'],
        ['help', verb],
      ]) {
        const { code, out, err } = await call(words)
        assert.equal(code, 0, err)
        assert.match(out, new RegExp(`^freshet ${verb} `))
        assert.match(out, /^Examples?:\n {2}.*(freshet|npm start)/m)
        assert.match(out, /^ {2}--help /m)
      }
    })

  for (const verb of verbNames)
    it(`${verb} refuses an unknown flag`, async () => {
      const { code, err, out } = await call([verb, '--hepl'])
      assert.equal(code, 2)
      assert.equal(out, '')
      assert.match(err, /--hepl: no such flag; did you mean --help\?/)
    })

  const refused: { words: string[]; says: RegExp }[] = [
    { words: ['strat'], says: /strat: no such verb; did you mean start\?/ },
    { words: ['toString'], says: /toString: no such verb/ },
    { words: ['xyzzyxyzzy'], says: /xyzzyxyzzy: no such verb\n/ },
    { words: ['start', '--port'], says: /--port wants a value, PORT/ },
    { words: ['start', '--port', '80x'], says: /--port: wanted a number, got "80x"/ },
    { words: ['start', '--port='], says: /--port: wanted a number, got ""/ },
    { words: ['start', '--reset=yes'], says: /--reset takes no value, got "yes"/ },
    { words: ['start', 'now'], says: /start: did not expect "now"/ },
    { words: ['start', '--sample', '--no-sample'], says: /exclude each other/ },
    { words: ['run'], says: /run wants <stage…>/ },
    { words: ['run', 'usr'], says: /usr: no such stage; did you mean user\?; wanted all, user, item/ },
    { words: ['run', 'sink'], says: /set FRESHET_REDIS_URL/ },
    { words: ['serve'], says: /belongs to one process/ },
    { words: ['import', 'items.xlsx'], says: /wanted a name that ends in/ },
    { words: ['import', 'a.csv', '--map', 'titel=x'], says: /titel: no such field/ },
    { words: ['import', '/nonexistent.csv'], says: /\/nonexistent\.csv: no such file/ },
    { words: ['import', 'kuairand'], says: /does not ship with Freshet: wanted --data DIR with/ },
    { words: ['import', 'kuairand', '--data', '/nonexistent'], says: /\/nonexistent: no log_standard/ },
    { words: ['import', 'serenade-sessions', '--users', '--data', '/nonexistent'], says: /no train\.txt\.gz/ },
    { words: ['replay', 'a.csv'], says: /wanted a \.jsonl file or one of movietweetings/ },
    { words: ['replay', '/nonexistent.jsonl'], says: /\/nonexistent\.jsonl: no such file/ },
    { words: ['replay', 'movietweetings', '--speed', '0'], says: /above 0/ },
    { words: ['replay', 'movietweetings', '--format', 'xml'], says: /--format: wanted one of avro, json, got "xml"/ },
    { words: ['send'], says: /--type is wanted/ },
    {
      words: ['send', '--type', 'lik', '--user', 'u', '--item', 'i'],
      says: /lik is not configured; did you mean like\?/,
    },
    { words: ['send', '--type', 'like', '--item', 'i'], says: /--user or --anonymous is wanted/ },
    { words: ['send', '--type', 'like', '--user', '', '--item', 'i'], says: /--user: wanted a non-empty string/ },
    { words: ['inspect', 'usr', 'u'], says: /did you mean user/ },
    { words: ['inspect', 'user'], says: /inspect user wants an id/ },
    { words: ['inspect', 'topic', 'list.v1'], says: /list\.v1: no such topic; did you mean lists\.v1\?/ },
    { words: ['inspect', 'topic', 'lists', '--limit', '0'], says: /above 0/ },
    { words: ['audit', '--stage', 'list'], says: /--stage: wanted one of user, item, got "list"/ },
    { words: ['redrive', '--code', 'MISPLACED'], says: /MISPLACED: no such code; did you mean MISPLACED_KEY\?/ },
    { words: ['redrive', '--code', 'DATA_LOST'], says: /DATA_LOST: no such code/ },
    { words: ['redrive', '--topic', 'signals.v1'], says: /signals\.v1: wanted interactions\.v1 or items\.v1/ },
    { words: ['redrive', '--limit', '0'], says: /--limit: wanted a whole number above 0/ },
    { words: ['rebuild'], says: /rebuild works on Kafka/ },
    { words: ['rebuild', '--swich'], says: /did you mean --switch/ },
    { words: ['reshard', '--to', 'wide'], says: /--partitions is wanted/ },
    { words: ['reshard', '--partitions', '12'], says: /--to is wanted/ },
    {
      words: ['reshard', '--partitions', '12', '--to', 'freshet'],
      says: /--to: wanted another namespace than freshet/,
    },
    { words: ['topology', '--json', '--mermaid'], says: /exclude each other/ },
    { words: ['services', 'start'], says: /start: wanted up, down, status/ },
  ]
  for (const { words, says } of refused)
    it(`refuses ${words.join(' ')}`, async () => {
      const { code, err } = await call(words)
      assert.match(err, says)
      assert.equal(code, 2, err)
      assert.match(err, /^Try: freshet .*--help$/m)
    })

  it('names every problem of the configuration and fails', async () => {
    const { code, err } = await call(['start'], { FRESHET_HTTP_PORT: 'x', FRESHET_HTTP_PROT: '1' })
    assert.equal(code, 1)
    assert.match(err, /^freshet start: INVALID_CONFIG: 2 options/)
  })

  it('a flag is checked as its option is', async () => {
    const { code, err } = await call(['start', '--port', '70000'])
    assert.equal(code, 1)
    assert.match(err, /FRESHET_HTTP_PORT: wanted an integer, 0 to 65,535, got "70000"/)
  })

  it('prints the graph as text, as a diagram, and its topics as JSON', async () => {
    assert.match((await call(['topology'])).out, /^stage user$/m)
    assert.match((await call(['topology', '--mermaid'])).out, /^flowchart LR/)
    assert.match((await call(['topology', '--counters'])).out, /^admit \w+: /m)
    const topics = (await call(['topology', '--json'], { FRESHET_NAMESPACE: 'shop' })).out
      .split('\n')
      .map(line => JSON.parse(line) as { name: string; appendTime: boolean })
    assert.deepEqual(
      topics.filter(one => one.appendTime).map(one => one.name),
      ['shop.interactions.v1'],
    )
  })

  it('says that nobody answers', async () => {
    const { code, err } = await call([
      'send',
      '--type',
      'like',
      '--user',
      'u',
      '--item',
      'i',
      '--url',
      'http://127.0.0.1:1',
    ])
    assert.equal(code, 1)
    assert.match(err, /no read API answers at http:\/\/127\.0\.0\.1:1 .*npm start/)
  })
})

describe('freshet.mjs', () => {
  const launcher = fileURLToPath(new URL('../../cli/freshet.mjs', import.meta.url))
  /** Runs the launcher under a Node that says it is of another version. */
  const under = (version: string, env: Record<string, string>) => {
    const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`
    const words = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, launcher, '--version']
    const result = spawnSync(process.execPath, words, { encoding: 'utf8', env: { ...process.env, ...env } })
    return { code: result.status, out: result.stdout, err: result.stderr }
  }

  for (const version of ['22.18.0', '24.0.0', '25.1.0'])
    it(`runs on Node ${version}`, () => {
      const { code, out, err } = under(version, { FRESHET_BUNDLED_NODE: '1' })
      assert.equal(code, 0, err)
      assert.match(out, /^\d+\.\d+\.\d+\n$/)
    })

  for (const version of ['22.17.9', '20.20.2'])
    it(`says what to do on Node ${version}`, () => {
      const { code, err } = under(version, { FRESHET_BUNDLED_NODE: '1' })
      assert.equal(code, 1)
      assert.match(err, new RegExp(`needs Node 22.18 or newer, this is ${version}`))
      assert.match(err, /nodejs\.org/)
    })
})
