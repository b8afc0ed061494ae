import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { ConfluentRegistry } from '../../../connectors/kafka/registry.ts'
import { startServices } from '../../../connectors/services/start.ts'
import { FreshetError } from '../../../schemas/errors.ts'
import { topics } from '../../../schemas/topics.ts'
import { Wire } from '../../../schemas/wire.ts'
import { registryConformance } from '../../conformance/registry.ts'

const url = process.env.FRESHET_TEST_REGISTRY
if (!url) throw new Error('FRESHET_TEST_REGISTRY: wanted the URL of a registry; `npm test` starts one and sets it')

describe('confluent registry, a real one', () => {
  registryConformance(async () => new ConfluentRegistry(url))

  it('sets BACKWARD on a subject, whatever the registry holds for the others', async () => {
    await new ConfluentRegistry(url).register('set-backward-value', topics.items.schema.source)
    const response = await fetch(`${url}/config/set-backward-value`)
    assert.deepEqual(await response.json(), { compatibilityLevel: 'BACKWARD' })
  })

  it('ends what a crash left half done: a subject with a schema and without a level of its own', async () => {
    const { source } = topics.users.schema
    const registered = await fetch(`${url}/subjects/half-done-value/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schema: source }),
    })
    const { id } = (await registered.json()) as { id: number }
    assert.equal(await new ConfluentRegistry(url).register('half-done-value', source), id)
    const level = await fetch(`${url}/config/half-done-value`)
    assert.deepEqual(await level.json(), { compatibilityLevel: 'BACKWARD' })
  })
})

describe('confluent registry, killed and started again', async () => {
  const { services, registryUrl, stop } = await startServices({ registry: true })
  after(stop)

  it('is away meanwhile; what was fetched is still read; what was in doubt is decided later', async () => {
    const wire = await Wire.open(new ConfluentRegistry(registryUrl), 'freshet', [topics.items])
    const known = wire.encode(topics.items, wire.decode(topics.items, Buffer.from('{"title":"x"}')))
    const unknown = Buffer.from([0, 0, 0xff, 0, 0, 2])
    await services.registry?.kill('SIGKILL')
    await assert.rejects(
      wire.prepare([known, unknown]),
      error => error instanceof FreshetError && error.code === 'REGISTRY_UNAVAILABLE',
    )
    assert.equal(wire.decode(topics.items, known).title, 'x')
    await services.registry?.restart()
    await wire.prepare([known, unknown])
    assert.throws(() => wire.decode(topics.items, unknown), { code: 'UNKNOWN_SCHEMA' })
  })
})
