/** docs/data-sets.md against the mappings and the fields that an import fills. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dataSetRows, itemFieldRows, userFieldRows } from './data-set-rows.ts'
import { blocksOf, tableRows } from './page.ts'

const PAGE = 'docs/data-sets.md'

describe(PAGE, () => {
  it('states every data set as it is, and no other', () => {
    assert.deepEqual(tableRows(PAGE, 'name'), dataSetRows())
  })

  it('shows a replay of every data set, and an import of each that has a catalogue', () => {
    const commands = blocksOf(PAGE).map(block => block.text)
    for (const [name = '', , hasCatalogue] of dataSetRows())
      for (const verb of hasCatalogue === 'yes' ? ['import', 'replay'] : ['replay'])
        assert(
          commands.some(text => text.includes(`npx freshet ${verb} ${name.replaceAll('`', '')}`)),
          `${verb} ${name}`,
        )
  })

  it('states the fields that an import fills', () => {
    assert.deepEqual(tableRows(PAGE, 'field of an item'), itemFieldRows())
    assert.deepEqual(tableRows(PAGE, 'field of a user'), userFieldRows())
  })
})
