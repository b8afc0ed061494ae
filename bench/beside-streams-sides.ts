/** The two programs that do the same job on the same topics. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { topicName, topics } from '../schemas/topics.ts'
import type { PairLog } from './beside-streams-log.ts'
import { topLists } from './beside-streams-topology.ts'
import { type Children, startChildren } from './children.ts'

const WORKER = fileURLToPath(new URL('beside-streams-worker.ts', import.meta.url))
const EVENT_SCHEMA = fileURLToPath(new URL('../schemas/avro/interaction.avsc', import.meta.url))
const HEAP = '1g'

/** Both sides as a reader knows them. */
export const SIDES = { freshet: 'Freshet', streams: 'Kafka Streams' } as const
export type Side = keyof typeof SIDES

export interface Setup {
  /** Options of Freshet: brokers, registry, namespace, partitions. */
  readonly env: Readonly<Record<string, string>>
  /** For what a side keeps on the disk; empty, and removed by the caller. */
  readonly dataDir: string
  /** Of Freshet, each with both stages: partitions spread over them. */
  readonly processes: number
  readonly streams: {
    readonly classPath: string
    readonly threads: number
    readonly commitMs: number
    readonly cacheMb: number
  }
  /** Where Freshet's processes write CPU profiles; "" for none. */
  readonly profile: string
}

export const startSide = (side: Side, setup: Setup, parts: PairLog): Children =>
  side === 'freshet' ? startFreshet(setup) : startStreams(setup, parts)

function startFreshet({ env, processes, profile }: Setup): Children {
  const profiling = profile === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
  return startChildren(
    Array.from({ length: processes }, () => ({
      name: 'Freshet',
      file: process.execPath,
      args: ['--max-semi-space-size=64', '--no-allocation-site-pretenuring', ...profiling, WORKER],
      env,
    })),
  )
}

function startStreams({ env, dataDir, streams }: Setup, { config, wire }: PairLog): Children {
  const named = (topic: { readonly name: string }) => topicName(topic, config.namespace)
  const framed = wire.encode(topLists, { upTo: [], pairs: 0, items: [], counts: [] })
  const given = {
    application: config.namespace,
    brokers: config.kafkaBrokers.join(','),
    input: named(topics.interactions),
    output: named(topLists),
    partitions: config.partitions,
    eventSchema: EVENT_SCHEMA,
    listSchemaId: framed.readUInt32BE(1),
    stateDir: join(dataDir, 'streams'),
    threads: streams.threads,
    commitMs: streams.commitMs,
    cacheBytes: streams.cacheMb * 1_048_576,
  }
  const options = [`-Xms${HEAP}`, `-Xmx${HEAP}`, '-cp', streams.classPath, 'freshet.bench.PairCounts']
  const args = [...options, ...Object.entries(given).map(([name, value]) => `${name}=${value}`)]
  return startChildren([{ name: 'Kafka Streams', file: 'java', args, env }])
}
