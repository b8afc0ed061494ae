/** `freshet inspect`: what Freshet knows of a user or an item, the records of a topic, the state of the stages. */
import { anonymousVisitor, userVisitor } from '../schemas/ids.ts'
import { topicName, topics } from '../schemas/topics.ts'
import { loadConfig } from '../topology/config.ts'
import { digestOf } from '../topology/digest.ts'
import type { AnyTopic } from '../topology/graph.ts'
import { readState } from '../topology/read-state.ts'
import { askApi } from './api-client.ts'
import { type Foundation, makeLogger, openFoundation } from './assemble.ts'
import { type Call, type Command, didYouMean, UsageError } from './command.ts'
import { newestByKey, newestRecords } from './topic-records.ts'
import { withFlags } from './with-flags.ts'

const KINDS = ['user', 'item', 'topic', 'state'] as const
const LIMIT = 10

export const inspect: Command = {
  name: 'inspect',
  summary: 'show what is known of a user or an item, the records of a topic, or the digest of the state',
  usage: '<user ID | item ID | topic NAME | state> [flags]',
  arguments: [1, 2],
  flags: {
    anonymous: { kind: 'switch', means: 'the id is that of an anonymous visitor' },
    limit: { kind: 'number', value: 'N', means: `records of a topic, the newest; default ${LIMIT}` },
    key: { kind: 'text', value: 'KEY', means: 'only records of a topic with this key' },
    digest: {
      kind: 'switch',
      means: 'of the state: a digest of every store, equal wherever the same events were processed',
    },
    'data-dir': { kind: 'text', value: 'DIR', means: 'data directory, instead of FRESHET_DATA_DIR' },
    url: { kind: 'text', value: 'URL', means: 'ask this read API what it would answer, instead of the log' },
    json: { kind: 'switch', means: 'one JSON object a line' },
  },
  details:
    'Reads the tables of the log, of the embedded one as it is at this moment, while `freshet start` runs on it too.\nRecords of a topic are always one JSON object a line.',
  examples: [
    'npx freshet inspect user 14945',
    'npx freshet inspect topic rejected.v1 --limit 5',
    'npx freshet inspect state --digest --json',
  ],
  async run(call) {
    const [kind = '', name] = call.arguments
    if (!KINDS.some(one => one === kind))
      throw new UsageError(`${kind}: wanted ${KINDS.join(', ')}${didYouMean(kind, KINDS)}`)
    if ((kind === 'state') !== (name === undefined))
      throw new UsageError(
        kind === 'state' ? 'state takes no name' : `inspect ${kind} wants ${kind === 'topic' ? 'a topic' : 'an id'}`,
      )
    const limit = call.number('limit') ?? LIMIT
    if (!Number.isInteger(limit) || limit < 1)
      throw new UsageError(`--limit: wanted a whole number above 0, got ${limit}`)
    if (kind === 'topic') topicOf(name ?? '')
    if (call.isSet('url') && kind !== 'user' && kind !== 'item')
      throw new UsageError(`--url asks for a user or an item, not for a ${kind}`)
    const config = loadConfig(withFlags(call, { 'data-dir': 'FRESHET_DATA_DIR' }))
    const url = call.text('url')
    if (url !== undefined) return ask(call, url, kind, name ?? '')
    const parts = await openFoundation(config, makeLogger('warn'), { mode: 'once', isReader: true })
    try {
      if (kind === 'topic') return await showTopic(call, parts, topicOf(name ?? ''), limit)
      if (kind === 'state') return await showState(call, parts)
      return kind === 'user' ? await showUser(call, parts, name ?? '') : await showItem(call, parts, name ?? '')
    } finally {
      await parts.close()
    }
  },
}

function topicOf(name: string): AnyTopic {
  const all = Object.values(topics) as AnyTopic[]
  const found = all.find(topic => topic.name === name || topic.name === `${name}.v1`)
  if (found) return found
  const names = all.map(topic => topic.name)
  throw new UsageError(`${name}: no such topic${didYouMean(name, names)}; wanted ${names.join(', ')}`)
}

async function showTopic(call: Call, parts: Foundation, topic: AnyTopic, limit: number): Promise<number> {
  for (const record of await newestRecords(parts, topic, { limit, key: call.text('key') }))
    call.print(JSON.stringify(record))
  return 0
}

/** Values of several tables by name of the table and key. */
async function show(call: Call, parts: Foundation, wanted: readonly (readonly [AnyTopic, string])[]): Promise<number> {
  let found = 0
  for (const [topic, key] of wanted) {
    const value = await newestByKey(parts, topic, key)
    if (value === undefined) continue
    found++
    call.print(
      call.isSet('json')
        ? JSON.stringify({ table: topic.name, key, value })
        : `${topic.name} ${key}\n${JSON.stringify(value, undefined, 2)}\n`,
    )
  }
  if (found === 0) call.say('nothing is known of it')
  return found === 0 ? 1 : 0
}

function showUser(call: Call, parts: Foundation, id: string): Promise<number> {
  const visitor = call.isSet('anonymous') ? anonymousVisitor(id) : userVisitor(id)
  return show(call, parts, [
    ...(call.isSet('anonymous') ? [] : [[topics.users, id] as const]),
    [topics.profiles, `hot/${visitor}`],
    [topics.profiles, `cold/${visitor}`],
    [topics.lists, visitor],
  ])
}

const showItem = (call: Call, parts: Foundation, id: string): Promise<number> =>
  show(call, parts, [
    [topics.items, id],
    [topics.itemFeatures, id],
    [topics.popularity, id],
    ...['similar', 'next', 'together'].map(relation => [topics.related, `${relation}/${id}`] as const),
  ])

async function showState(call: Call, parts: Foundation): Promise<number> {
  const nameOf = (topic: { readonly name: string }) => topicName(topic, parts.config.namespace)
  for (const stage of parts.topology.stages) {
    const { states, progress } = await readState(parts.log, stage, nameOf)
    const positions = progress.map(one => one?.positions ?? {})
    if (!call.isSet('json')) call.print(`stage ${stage.name}`)
    else if (!call.isSet('digest')) call.print(JSON.stringify({ stage: stage.name, positions }))
    for (const { store, keys, overflowed, digest } of digestOf(stage, states)) {
      const shown = call.isSet('digest') ? { digest } : {}
      call.print(
        call.isSet('json')
          ? JSON.stringify({ stage: stage.name, store, keys, overflowed, ...shown })
          : `  ${store}: ${keys} keys, ${overflowed} overflowed${call.isSet('digest') ? `, ${digest}` : ''}`,
      )
    }
    if (!call.isSet('json') && !call.isSet('digest'))
      positions.forEach((position, partition) => {
        call.print(
          `  partition ${partition} is at ${
            Object.entries(position)
              .map(([topic, offset]) => `${topic} ${offset}`)
              .join(', ') || 'the beginning'
          }`,
        )
      })
  }
  return 0
}

async function ask(call: Call, url: string, kind: string, id: string): Promise<number> {
  const who = call.isSet('anonymous') ? 'visitors' : 'users'
  const path =
    kind === 'user' ? `${who}/${encodeURIComponent(id)}/recommendations` : `items/${encodeURIComponent(id)}/similar`
  const answer = await askApi(url, `/v1/${path}?explain=true`)
  call.print(JSON.stringify(answer, undefined, call.isSet('json') ? undefined : 2))
  return 0
}
