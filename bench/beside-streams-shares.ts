/** Where the time of Freshet's processes went, from the profiles of `beside-streams.ts --profile DIRECTORY`. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Frame {
  readonly functionName: string
  readonly url: string
}
interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame; readonly children?: readonly number[] }[]
  /** Node of each sample, and the microseconds before it. */
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** A sample belongs to the part of its innermost frame that has one. What avsc makes of a schema is called `write<Record>`. */
const PARTS: readonly (readonly [part: string, functions: RegExp, file: RegExp])[] = [
  ['waiting', /^\(idle\)$/, /^$/],
  ['garbage collection', /^\(garbage collector\)$/, /^$/],
  ['encode frames', /^write(SignalFrame|SignalEntry|Delta)$/, /^$/],
  ['encode lists', /^writeTopList$/, /^$/],
  ['encode changelog', /^write(CountPage|IdList|Positions)$/, /^$/],
  ['encode changelog', /^(\*?changes|dataKey)$/, /topology\/(state|changelog)\.ts$/],
  ['decode', /^(decode|prepare|check|unframe)$/, /(schemas\/(wire|avro-guard)|topology\/frames)\.ts$/],
  ['make frames', /./, /topology\/frames\.ts$/],
  ['make lists', /^(records|listOf)$/, /bench\/beside-streams-topology\.ts$/],
  ['fold', /./, /(topology\/(stage-fold|intake)|bench\/beside-streams-(topology|row|best))\.ts$/],
  ['task: commit, outbox, what waits', /./, /topology\//],
  ['log client: fetch, produce, commit', /./, /connectors\/kafka\/|kafkajs\/|node:(net|internal\/(stream|net|timers))/],
]
const REST = 'start, metrics, rest'

/** @returns part → share of the time that all processes together ran, the greatest first; `waiting` is a share of all time */
export function shares(directory: string): [part: string, share: number][] {
  const micros = new Map<string, number>()
  for (const file of readdirSync(directory).filter(name => name.endsWith('.cpuprofile')))
    addTimes(JSON.parse(readFileSync(join(directory, file), 'utf8')) as Profile, micros)
  const all = micros.values().reduce((sum, time) => sum + time, 0)
  const waiting = micros.get('waiting') ?? 0
  return [...micros]
    .map(([part, time]): [string, number] => [part, time / (part === 'waiting' ? all : all - waiting)])
    .sort(([, a], [, b]) => b - a)
}

function addTimes({ nodes, samples, timeDeltas }: Profile, micros: Map<string, number>): void {
  const parts = new Map<number, string>()
  const byId = new Map(nodes.map(node => [node.id, node]))
  const walk = (id: number, outer: string) => {
    const node = byId.get(id)
    const part = (node && partOf(node.callFrame)) ?? outer
    parts.set(id, part)
    for (const child of node?.children ?? []) walk(child, part)
  }
  walk(nodes[0]?.id ?? 0, REST)
  samples.forEach((id, at) => {
    const part = parts.get(id) ?? REST
    micros.set(part, (micros.get(part) ?? 0) + (timeDeltas[at] ?? 0))
  })
}

const partOf = ({ functionName, url }: Frame): string | undefined =>
  PARTS.find(([, functions, file]) => functions.test(functionName) && file.test(url))?.[0]
