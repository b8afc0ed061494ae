/** The rows of the tables in docs/data-sets.md. */
import { fieldWants, itemTarget, type Target, userTarget } from '../../connectors/fields.ts'
import { dataSets } from '../../connectors/mappings/all.ts'

/** Cells of each row: name, what becomes of a row, whether there is a catalogue, files. */
export const dataSetRows = (): string[][] =>
  [...dataSets.values()].map(({ name, about, items, files }) => [
    `\`${name}\``,
    about,
    items ? 'yes' : 'no',
    files.map(file => `\`${file}\``).join(', '),
  ])

const fieldRows = <T extends object>(target: Target<T>): string[][] =>
  Object.entries<keyof typeof fieldWants>(target.fields).map(([field, kind]) => [`\`${field}\``, fieldWants[kind]])

export const itemFieldRows = (): string[][] => fieldRows(itemTarget)
export const userFieldRows = (): string[][] => fieldRows(userTarget)
