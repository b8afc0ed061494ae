/** Laws of every D and C processor, checked around each step of a run. */
import assert from 'node:assert/strict'
import type { AnyProcessor, Parts } from '../../processors/define.ts'
import type { RecordSchema } from '../../schemas/record.ts'
import type { CoveredStage } from './all-processors.ts'
import { Drive, type Outcome, type Sent } from './drive.ts'

type State = Readonly<Record<string, unknown>>
type AnyStep = ReturnType<AnyProcessor['step']>

/** Steps are pure, their results fit the schemas, pages keep their identity and state its bound. */
export function obeysStepLaws(stage: CoveredStage, events: readonly Sent[]): void {
  new Drive(stage.processors.map(one => lawful(one, stage))).sendAll(events)
}

/** A run that is cut before event `at` and goes on from its bytes equals one that is not. */
export function survivesCut(stage: CoveredStage, events: readonly Sent[], at: number): void {
  const whole = new Drive(stage.processors)
  const outcomes = whole.sendAll(events)
  const before = new Drive(stage.processors)
  const first = before.sendAll(events.slice(0, at))
  const after = before.cut()
  const second = after.sendAll(events.slice(at))
  assert.deepEqual([...first, ...second].map(plain), outcomes.map(plain))
  assert.deepEqual(after.image(), whole.image())
}

// Records read back have a class of their own; only their content counts.
const plain = (outcome: Outcome): unknown => JSON.parse(JSON.stringify(outcome))

function lawful(processor: AnyProcessor, stage: CoveredStage): AnyProcessor {
  const parts = (processor.store?.parts ?? {}) as Parts
  return {
    ...processor,
    step: (state: State, event, context) => {
      for (const argument of [state, event, context]) deepFreeze(argument)
      const step: AnyStep = processor.step(state, event, context)
      assert.deepEqual(processor.step(state, event, context), step, `${processor.name}: the same input, another result`)
      if (step.reject) assert.equal(step.state, undefined, `${processor.name}: a refused event changed the state`)
      for (const [name, part] of Object.entries(parts)) {
        const where = `${processor.name}.${name}`
        const pages = pagesOf(step.state?.[name] ?? state[name])
        const most = stage.maxPages[processor.name]?.[name] ?? 0
        assert.ok(pages.length <= most, `${where}: wanted at most ${most} pages, got ${pages.length}`)
        obeysPageLaws(where, part.schema, pagesOf(state[name]), pages, stage.maxPageBytes)
      }
      for (const [output, records] of Object.entries(step.publish ?? {}))
        for (const { value } of (records ?? []) as readonly { value: unknown }[])
          survivesSchema(`${processor.name} → ${output}`, processor.outputs?.[output].schema, value)
      for (const table of processor.tables ?? [])
        for (const { value } of table.records(processor.key(event), step.state ?? state, context.origin))
          if (value !== null) survivesSchema(`${processor.name} ⇒ ${table.topic.name}`, table.topic.schema, value)
      return step
    },
  }
}

function obeysPageLaws(
  where: string,
  schema: RecordSchema<unknown>,
  before: readonly unknown[],
  after: readonly unknown[],
  maxBytes: number,
): void {
  after.forEach((page, i) => {
    if (page === before[i]) return
    const bytes = survivesSchema(where, schema, page)
    assert.ok(bytes.length <= maxBytes, `${where}: wanted pages of at most ${maxBytes} bytes, got ${bytes.length}`)
    if (after.length > 1 && before[i] !== undefined)
      assert.notDeepEqual(
        bytes,
        schema.encode(before[i]),
        `${where}: page ${i} is as before but not the same by identity`,
      )
  })
}

function survivesSchema(where: string, schema: RecordSchema<unknown>, value: unknown): Buffer {
  const bytes = schema.encode(value)
  assert.equal(
    schema.type.toString(schema.decode(bytes)),
    schema.type.toString(value),
    `${where}: changed by its schema`,
  )
  return bytes
}

function pagesOf(part: unknown): readonly unknown[] {
  if (part === undefined) return []
  return Array.isArray(part) ? part : [part]
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return
  Object.freeze(value)
  for (const inner of Object.values(value)) deepFreeze(inner)
}
