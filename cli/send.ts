/** `freshet send`: one event from flags, through the read API or, on Kafka, straight into the log. */
import { randomUUID } from 'node:crypto'
import { publisher } from '../connectors/publisher.ts'
import { withDefaults } from '../connectors/with-defaults.ts'
import { idProblem } from '../schemas/ids.ts'
import { type Interaction, interaction } from '../schemas/interaction.ts'
import { loadConfig } from '../topology/config.ts'
import { apiUrl, askApi } from './api-client.ts'
import { makeLogger, openFoundation } from './assemble.ts'
import { type Call, type Command, didYouMean, UsageError } from './command.ts'
import { timeOf } from './time-of.ts'

export const send: Command = {
  name: 'send',
  summary: 'send one event',
  usage: '--type TYPE (--user ID | --anonymous ID) --item ID [flags]',
  arguments: [0, 0],
  flags: {
    type: {
      kind: 'text',
      value: 'TYPE',
      means: 'purchase, like, add_to_cart, click, view, impression, skip, dislike or what is configured',
    },
    user: { kind: 'text', value: 'ID', means: 'the logged-in user' },
    anonymous: { kind: 'text', value: 'ID', means: 'the device or cookie of a visitor who is not logged in' },
    item: { kind: 'text', value: 'ID', means: 'the item; of an impression several, with commas between' },
    session: { kind: 'text', value: 'ID', means: 'the client session' },
    value: { kind: 'number', value: 'N', means: 'a rating or another strength' },
    quantity: { kind: 'number', value: 'N', means: 'pieces bought' },
    price: { kind: 'number', value: 'N', means: 'price of one piece' },
    order: { kind: 'text', value: 'ID', means: 'the order a purchase belongs to' },
    surface: { kind: 'text', value: 'NAME', means: 'where it happened' },
    device: { kind: 'text', value: 'NAME', means: 'desktop, mobile, …' },
    country: { kind: 'text', value: 'CODE', means: 'ISO 3166-1 alpha-2' },
    'request-id': { kind: 'text', value: 'ID', means: 'the requestId of the answer that showed the item' },
    'event-id': { kind: 'text', value: 'ID', means: 'default a random one; a repeat within a day is refused' },
    at: { kind: 'text', value: 'TIME', means: 'a date or ms since the epoch; default now' },
    url: {
      kind: 'text',
      value: 'URL',
      means: 'the read API to send it through; default the configured one, on Kafka the log itself',
    },
    json: { kind: 'switch', means: 'print the answer as JSON' },
  },
  examples: [
    'npx freshet send --type like --user 14945 --item 0816711',
    'npx freshet send --type purchase --anonymous c-81 --item sku-1 --quantity 2 --price 9.90 --order o-17',
  ],
  async run(call) {
    const config = loadConfig(call.env)
    const event = eventOf(call, Object.keys(config.folds.weights))
    const url = call.text('url')
    if (config.isEmbedded || url !== undefined) {
      const answer = await askApi(url ?? apiUrl(config), '/v1/events', event)
      const refusal = (answer.rejected as { code: string; message: string }[] | undefined)?.[0]
      if (call.isSet('json')) call.print(JSON.stringify(answer))
      else call.print(refusal ? `refused: ${refusal.code}: ${refusal.message}` : `accepted: ${event.eventId}`)
      return refusal ? 1 : 0
    }
    const parts = await openFoundation(config, makeLogger('warn'), { mode: 'once' })
    try {
      await publisher({ log: parts.log, wire: parts.wire, namespace: config.namespace })([event])
    } finally {
      await parts.close()
    }
    call.print(
      call.isSet('json')
        ? JSON.stringify({ accepted: 1, rejected: [], eventId: event.eventId })
        : `accepted: ${event.eventId}`,
    )
    return 0
  },
}

function eventOf(call: Call, types: readonly string[]): Interaction {
  const type = call.text('type')
  if (type === undefined) throw new UsageError(`--type is wanted: ${types.join(', ')}`)
  if (!types.includes(type)) throw new UsageError(`--type: ${type} is not configured${didYouMean(type, types)}`)
  const [user, anonymous, item] = ['user', 'anonymous', 'item'].map(flag => call.text(flag))
  if (user === undefined && anonymous === undefined) throw new UsageError('--user or --anonymous is wanted')
  if (item === undefined) throw new UsageError('--item is wanted')
  for (const flag of ['user', 'anonymous', 'item', 'event-id', 'order', 'session']) {
    const problem = call.isSet(flag) ? idProblem(call.text(flag)) : undefined
    if (problem !== undefined) throw new UsageError(`--${flag}: ${problem}`)
  }
  const at = call.text('at')
  const isImpression = type === 'impression'
  return withDefaults(interaction, {
    eventId: call.text('event-id') ?? randomUUID(),
    userId: user ?? null,
    anonymousId: anonymous ?? null,
    itemId: isImpression ? null : item,
    items: isImpression ? item.split(',').map((itemId, position) => ({ itemId, position })) : [],
    sessionId: call.text('session') ?? null,
    type,
    value: call.number('value') ?? null,
    quantity: call.number('quantity') ?? null,
    price: call.number('price') ?? null,
    orderId: call.text('order') ?? null,
    surface: call.text('surface') ?? null,
    device: call.text('device') ?? null,
    country: call.text('country') ?? null,
    requestId: call.text('request-id') ?? null,
    occurredAt: at === undefined ? Date.now() : timeOf('--at', at),
  })
}
