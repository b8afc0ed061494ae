/**
 * Runs the tests: `node test/run.ts [--unit] [substring…]`. Files named `*.service.test.ts` get a real broker, registry
 * and Redis, which are started for them and stopped after them; `--unit` leaves those files out and starts nothing.
 * Substrings choose files by their path. The last line is `N passed, N failed`. Ends with 0 only where at least one test ran
 * and all that ran passed; a test that is skipped or marked as to do counts as failed, because nobody reads a list of what
 * did not run.
 */
import { readdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { fileURLToPath } from 'node:url'
import { type Services, startServices } from '../connectors/services/start.ts'

const CONCURRENCY = 2
/** Of one file: a test that hangs must not hold a build for ever. */
const TIMEOUT_MS = 300_000
const MIN_NODE = [22, 18] as const

const root = fileURLToPath(new URL('..', import.meta.url))
const isService = (file: string) => file.endsWith('.service.test.ts')

const startedAtMs = performance.now()
const wrong = nodeProblem() ?? argumentProblem(process.argv.slice(2))
if (wrong) {
  process.stderr.write(`${wrong}\n`)
  process.exitCode = 1
} else {
  process.exitCode = await main(process.argv.slice(2))
}

async function main(args: string[]): Promise<number> {
  const files = choose(args)
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort())
  let services: Services | undefined
  try {
    if (files.some(isService)) services = await start()
    if (interrupted.signal.aborted) return 130
    const counts = await runAll(files, interrupted.signal)
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1)
    const { passed, failed } = counts
    const nothing = passed + failed === 0 ? ': no test ran, is the name right?' : ''
    process.stdout.write(`\n${files.length} files, ${seconds} s${nothing}\n${passed} passed, ${failed} failed\n`)
    if (interrupted.signal.aborted) return 130
    return failed > 0 || passed === 0 ? 1 : 0
  } finally {
    await services?.stop()
  }
}

/** @returns absolute paths, service tests first: they take longest */
function choose(args: readonly string[]): string[] {
  const parts = args.filter(arg => arg !== '--unit')
  return readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.test.ts') && !(args.includes('--unit') && isService(file)))
    .filter(file => parts.length === 0 || parts.some(part => join('test', file).includes(part)))
    .sort((a, b) => Number(isService(b)) - Number(isService(a)) || (a < b ? -1 : 1))
    .map(file => join(root, 'test', file))
}

async function start(): Promise<Services> {
  const services = await startServices({ kafka: true, registry: true, redis: true })
  process.env.FRESHET_TEST_BROKERS = services.brokers
  process.env.FRESHET_TEST_REGISTRY = services.registryUrl
  process.env.FRESHET_TEST_REDIS = services.redisUrl
  return services
}

async function runAll(files: string[], signal: AbortSignal): Promise<{ passed: number; failed: number }> {
  const counts = { passed: 0, failed: 0 }
  if (files.length === 0) return counts // else node looks for test files of its own
  const stream = run({ files, concurrency: CONCURRENCY, timeout: TIMEOUT_MS, signal, cwd: root })
  const complain = (file: string | undefined, what: string) => {
    counts.failed++
    process.stdout.write(`✖ ${file ? relative(root, file) : '?'}: ${what}\n`)
  }
  stream.on('test:pass', test => {
    if (test.skip !== undefined || test.todo !== undefined) complain(test.file, `${test.name}: skipped or to do`)
    else if (test.details.type === 'suite') return
    else if (files.includes(resolve(root, test.name))) complain(test.name, 'the file holds no test')
    else counts.passed++
  })
  stream.on('test:fail', test => {
    // A suite also fails with its tests, which are counted; by itself only through a hook.
    if (test.details.type !== 'suite' || failureType(test.details.error) !== 'subtestsFailed') counts.failed++
  })
  for await (const text of stream.compose(spec)) process.stdout.write(text)
  return counts
}

function failureType(error: Error): unknown {
  return 'failureType' in error ? error.failureType : undefined
}

function nodeProblem(): string | undefined {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1])) return undefined
  return `Node ${MIN_NODE.join('.')} or later is wanted, this is ${process.versions.node}: run \`npm install\` and \`npm test\``
}

function argumentProblem(args: readonly string[]): string | undefined {
  const unknown = args.find(arg => arg.startsWith('-') && arg !== '--unit')
  return unknown && `${unknown}: wanted --unit or part of a file's path`
}
