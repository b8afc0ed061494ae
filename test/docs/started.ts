/** A `freshet start` on the services of the test run, in a namespace of its own. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { until } from './until.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))
const cli = fileURLToPath(new URL('../../cli/freshet.mjs', import.meta.url))

const {
  FRESHET_TEST_BROKERS: brokers = '',
  FRESHET_TEST_REGISTRY: registry = '',
  FRESHET_TEST_REDIS: redis = '',
} = process.env
assert(brokers && registry && redis, 'run the tests by `npm test`, which starts a broker, a registry and Redis')

export class Started {
  readonly namespace = `docs-${randomUUID().slice(0, 8)}`
  readonly #env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    FRESHET_KAFKA_BROKERS: brokers,
    FRESHET_REGISTRY_URL: registry,
    FRESHET_REDIS_URL: redis,
    FRESHET_NAMESPACE: this.namespace,
    FRESHET_HTTP_PORT: '0',
  }
  readonly #child: ChildProcess
  #said = ''
  url = ''

  private constructor() {
    this.#child = spawn(process.execPath, [cli, 'start'], { env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.#said += chunk
      })
  }

  /** @returns when traffic may come */
  static async open(): Promise<Started> {
    const started = new Started()
    started.url = await until('a URL', async () => {
      assert.equal(started.#child.exitCode, null, started.#said)
      return /Freshet is up: (http:\S+)/.exec(started.#said)?.[1]
    })
    await until('health', async () => ((await fetch(`${started.url}/health/ready`)).ok ? true : undefined))
    return started
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await ended
  }

  /** Runs a block of a page as it stands there, with the addresses and the namespace of this run. @returns its output */
  async run(language: string, text: string): Promise<string> {
    const there = text
      .replaceAll('127.0.0.1:9092', brokers)
      .replaceAll('http://127.0.0.1:8081/apis/ccompat/v7', registry)
      .replaceAll('http://127.0.0.1:8080', this.url)
      .replaceAll('interactions.v1', `${this.namespace}.interactions.v1`)
      .replaceAll("'freshet:", `'${this.namespace}:`)
      .replaceAll('redis-cli', `redis-cli -u ${redis}`)
      .replaceAll('npx freshet', `'${process.execPath}' '${cli}'`)
    const [file, args] =
      language === 'js'
        ? [process.execPath, ['--input-type=module', '-e', there]]
        : ['bash', ['-euo', 'pipefail', '-c', there]]
    const child = spawn(file, args, { cwd: root, env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let error = ''
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk
    })
    child.stderr.on('data', (chunk: Buffer) => {
      error += chunk
    })
    const [code] = (await once(child, 'close')) as [number | null]
    assert.equal(code, 0, `${there}\n${out}${error}`)
    return out
  }

  /** @returns sum over the labels of a metric, 0 where it has none yet */
  async metric(name: string, labels = ''): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text()
    return text
      .split('\n')
      .filter(line => line.startsWith(`${name}{`) && line.includes(labels))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
  }
}
