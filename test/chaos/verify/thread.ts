/**
 * The verifier in a thread of its own: it reckons for seconds, and proxies, traffic and questions to the API must go on meanwhile.
 * Started by `verification.ts`, which gives it a {@link Task} and hears {@link Said}.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { openRegistry, topologyOf } from '../../../cli/assemble.ts'
import { Wire } from '../../../schemas/wire.ts'
import { topicsOf } from '../../../topology/graph.ts'
import { loadConfig } from '../../../topology/config.ts'
import { cleanEnv } from '../freshet-process.ts'
import { type Verdict, verify } from './verify.ts'

export interface Task {
  /** Options of Freshet, past every proxy. */
  readonly env: Readonly<Record<string, string>>
  readonly poison: ReadonlyMap<string, string>
  readonly acknowledged: ReadonlySet<string>
}
export type Said =
  | { readonly kind: 'progress'; readonly line: string }
  | { readonly kind: 'verdict'; readonly verdict: Verdict }
  | { readonly kind: 'failed'; readonly error: unknown }

const FRESHET = fileURLToPath(new URL('../../../cli/freshet.mjs', import.meta.url))
const say = (said: Said) => parentPort?.postMessage(said)

const { env, poison, acknowledged } = workerData as Task
const config = loadConfig(env)
const topology = topologyOf(config)
const wire = await Wire.open(await openRegistry(config), config.namespace, topicsOf(topology))
const redis = new Redis(config.redisUrl ?? '')
redis.on('error', error => pino(pino.destination(2)).debug(error)) // commands say it themselves
try {
  const verdict = await verify(
    {
      source: {
        brokers: config.kafkaBrokers.join(','),
        namespace: config.namespace,
        partitions: config.partitions,
        wire,
        stages: topology.stages,
        poison,
      },
      folds: config.folds,
      redis,
      acknowledged,
      inspected,
    },
    line => say({ kind: 'progress', line }),
  )
  say({ kind: 'verdict', verdict })
} catch (error) {
  say({ kind: 'failed', error })
} finally {
  redis.disconnect()
}

async function inspected(): Promise<Record<string, string>> {
  const { stdout } = await promisify(execFile)(process.execPath, [FRESHET, 'inspect', 'state', '--digest', '--json'], {
    env: { ...cleanEnv(), ...env },
  })
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as { store: string; digest: string })
  return Object.fromEntries(lines.map(({ store, digest }) => [store, digest]))
}
