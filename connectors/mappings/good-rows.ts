/** The rows of a published data set, read by column; its files are known, so a bad row ends the reading with its number. */
import { rowsOf } from '../rows.ts'

/**
 * @param read - `row` from 1, without the header; `column` gives the text of a column. undefined leaves the row out
 * @throws on a row that cannot be read, or a column the file does not have
 */
export async function* goodRows<T>(
  path: string,
  read: (row: number, column: (name: string) => string) => T | undefined,
): AsyncGenerator<T> {
  let number = 0
  for await (const row of rowsOf(path)) {
    number++
    if ('problem' in row) throw new Error(`${path}:${row.line}: ${row.problem}`)
    const value = read(number, name => {
      const text = row.columns[name]
      if (typeof text !== 'string')
        throw new Error(`${path}: no column ${name}; it has ${Object.keys(row.columns).join(', ')}`)
      return text
    })
    if (value !== undefined) yield value
  }
}
