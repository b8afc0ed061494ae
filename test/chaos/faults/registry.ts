/** The registry is away or hangs: known schemas flow, records of unknown ones wait, and nothing is skipped. */
import { setTimeout as wait } from 'node:timers/promises'
import avsc from 'avsc'
import { partitionOf } from '../../../schemas/ids.ts'
import { interaction } from '../../../schemas/interaction.ts'
import { topicName, topics } from '../../../schemas/topics.ts'
import { anyOf, type Fault } from '../fault.ts'
import { PARTITIONS, type Shop } from '../shop.ts'

const AWAY_MS = 6_000
const EVENTS = 100

export const registryAway: Fault = {
  number: 13,
  name: 'registry-away',
  about: 'the registry cannot be reached while somebody publishes with a schema nobody has seen; then it hangs',
  async strike(shop, { progress }) {
    shop.world.registry.isAway = true
    progress('a new schema')
    await publishWithNewSchema(shop)
    await wait(AWAY_MS)
    shop.world.registry.isAway = false
    progress('hanging')
    await publishWithNewSchema(shop)
    await shop.world.service('registry').kill('SIGSTOP')
    await wait(AWAY_MS)
    await shop.world.service('registry').kill('SIGCONT')
  },
}

export const registryAwayAtStart: Fault = {
  number: 13,
  name: 'registry-away-at-start',
  about: 'a worker starts while the registry cannot be reached',
  async strike(shop, at) {
    shop.world.registry.isAway = true
    const worker = anyOf(shop.workers, at)
    await worker.kill()
    worker.start()
    await worker.said('that it waits for the registry', line => line.for === 'the registry')
    await wait(AWAY_MS)
  },
}

/** The schema of interactions with one more field, of a name that was never there. */
async function publishWithNewSchema(shop: Shop): Promise<void> {
  const source = JSON.parse(interaction.source) as { fields: object[] }
  const field = { name: `chaos${process.hrtime.bigint()}`, type: ['null', 'string'], default: null }
  const schema = JSON.stringify({ ...source, fields: [...source.fields, field] })
  const topic = topicName(topics.interactions, shop.namespace)
  const response = await fetch(`${shop.world.services.registryUrl}/subjects/${topic}-value/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema }),
  })
  const { id } = (await response.json()) as { id?: number }
  if (id === undefined) throw new Error(`the registry did not take a schema: ${response.status}`)
  const type = avsc.Type.forSchema(JSON.parse(schema) as avsc.Schema)
  const head = Buffer.alloc(5)
  head.writeUInt32BE(id, 1)
  const records = Array.from({ length: EVENTS }, () => {
    const event = shop.traffic.next(Date.now())
    const key = Buffer.from(event.userId ?? event.anonymousId ?? '')
    const value = Buffer.concat([head, type.toBuffer({ ...event, [field.name]: 'new' })])
    return { topic, partition: partitionOf(key, PARTITIONS), key, value }
  })
  await shop.parts.log.produce(records)
}
