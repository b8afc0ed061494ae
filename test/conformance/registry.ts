/** What every registry must do; run against memory, the folder and the real one. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { it } from 'node:test'
import avsc from 'avsc'
import { FreshetError } from '../../schemas/errors.ts'
import { topics } from '../../schemas/topics.ts'
import { type Registry, Wire } from '../../schemas/wire.ts'

type Field = { name: string; type: unknown; default?: unknown }
const id: Field = { name: 'id', type: 'string' }
const note: Field = { name: 'note', type: ['null', 'string'], default: null }
const required: Field = { name: 'required', type: 'string' }

const isMismatch = (subject: string) => (error: unknown) =>
  error instanceof FreshetError && error.code === 'TOPIC_MISMATCH' && error.message.includes(subject)

export function registryConformance(open: () => Promise<Registry>): void {
  /** Names of its own, so that a registry that is shared or kept makes no difference. */
  const fresh = () => {
    const namespace = `t${randomUUID().replaceAll('-', '')}`
    const source = (...fields: Field[]) => JSON.stringify({ type: 'record', name: 'R', namespace, fields })
    return { subject: `${namespace}-value`, other: `${namespace}.other-value`, source }
  }
  const sameSchema = (got: string | undefined, wanted: string) => {
    const type = (text: string) => avsc.Type.forSchema(JSON.parse(text) as avsc.Schema)
    assert.deepEqual(type(got ?? 'null').schema(), type(wanted).schema())
  }

  it('the same schema has the same id, whenever and under whatever subject', async () => {
    const registry = await open()
    const { subject, other, source } = fresh()
    const first = await registry.register(subject, source(id))
    assert.equal(await registry.register(subject, source(id)), first)
    assert.equal(await registry.register(other, source(id)), first)
  })
  it('five at once register one schema once', async () => {
    const registry = await open()
    const { subject, source } = fresh()
    const ids = await Promise.all(Array.from({ length: 5 }, () => registry.register(subject, source(id))))
    assert.deepEqual(new Set(ids).size, 1)
  })
  it('a registered schema is fetched by its id, and is an id above 0 and below 2^32', async () => {
    const registry = await open()
    const { subject, source } = fresh()
    const made = await registry.register(subject, source(id, note))
    assert.ok(Number.isInteger(made) && made > 0 && made < 2 ** 32)
    sameSchema(await registry.fetch(made), source(id, note))
  })
  it('an id that nobody registered is undefined', async () => {
    const registry = await open()
    for (const unknown of [0, 999_999_999, 2 ** 31 - 1, 2 ** 32 - 1]) {
      assert.equal(await registry.fetch(unknown), undefined, String(unknown))
    }
  })
  it('a field with a default may be added and taken away; older ids stay readable', async () => {
    const registry = await open()
    const { subject, source } = fresh()
    const old = await registry.register(subject, source(id))
    const grown = await registry.register(subject, source(id, note))
    assert.notEqual(grown, old)
    sameSchema(await registry.fetch(old), source(id))
    sameSchema(await registry.fetch(grown), source(id, note))
    assert.equal(await registry.register(subject, source(id)), old)
  })
  it('a schema that could not read the latest is refused, with the subject named, and nothing has changed', async () => {
    const registry = await open()
    const { subject, source } = fresh()
    await registry.register(subject, source(id))
    const cases = [source(id, required), source({ name: 'id', type: 'long' })]
    for (const bad of cases) await assert.rejects(registry.register(subject, bad), isMismatch(subject))
    await registry.register(subject, source(id, note))
  })
  it('what is no Avro schema is refused', async () => {
    const registry = await open()
    const { subject } = fresh()
    for (const bad of ['', '{', '{"type":"record"}', '"nothing"']) {
      await assert.rejects(registry.register(subject, bad), isMismatch(subject), bad)
    }
  })
  it('all topics open on it, twice, and a value written by one process is read by another', async () => {
    const all = Object.values(topics)
    const writer = await Wire.open(await open(), 'conformance', all)
    const reader = await Wire.open(await open(), 'conformance', all)
    const value = writer.decode(topics.items, Buffer.from('{"title":"x"}'))
    const bytes = writer.encode(topics.items, value)
    await reader.prepare([bytes])
    assert.deepEqual(reader.decode(topics.items, bytes), value)
  })
}
