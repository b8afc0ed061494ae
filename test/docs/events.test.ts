/** The tables of docs/events.md against schema, weights and codes. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defaultFolds } from '../../processors/options.ts'
import { errors } from '../../schemas/errors.ts'
import { eventRows, shownRows } from './event-fields.ts'
import { tableRows } from './page.ts'

const PAGE = 'docs/events.md'

describe(PAGE, () => {
  it('states every field of an interaction as the schema has it, and no other', () => {
    assert.deepEqual(tableRows(PAGE, 'field'), eventRows())
    assert.deepEqual(tableRows(PAGE, 'field of an item'), shownRows())
  })

  it('states every default type with its weight', () => {
    assert.deepEqual(
      tableRows(PAGE, 'type').map(([type, weight]) => [type, weight]),
      Object.entries(defaultFolds.weights).map(([type, weight]) => [`\`${type}\``, String(weight)]),
    )
  })

  it('names codes of records that are set aside, all of them but the one of a defect', () => {
    const named = tableRows(PAGE, 'check').flatMap(([, , codes = '']) => codes.match(/[A-Z_]{4,}/g) ?? [])
    const setAside = Object.entries(errors).filter(([, { fate }]) => fate === 'set aside')
    const wanted = setAside.map(([code]) => code).filter(code => code !== 'HANDLER_FAILED')
    assert.deepEqual([...new Set(named)].toSorted(), wanted.toSorted())
  })
})
