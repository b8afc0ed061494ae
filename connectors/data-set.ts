/** What a mapping makes of a data set in a directory. Reading again gives the same, in the same order. */
import type { Interaction } from '../schemas/interaction.ts'
import type { Item } from '../schemas/item.ts'
import type { User } from '../schemas/user.ts'

/** One row of a catalogue; `line` from 1. A row that cannot be read says why. */
export type CatalogueRow<T> =
  | { readonly line: number; readonly id: string; readonly value: T }
  | { readonly line: number; readonly problem: string }

/** Filled while the events are read: rows that made no event, by reason. */
export type LeftOut = Map<string, number>

export interface DataSet {
  readonly name: string
  /** What it is and how it becomes events, in a sentence. */
  readonly about: string
  /** Files that `--data DIR` must hold. */
  readonly files: readonly string[]
  /** True where a directory without some of them will do as well. */
  isComplete?(directory: string): boolean
  /** Event time never goes back; ids are `<name>:<row>#<type>`, rows from 1 without the header. */
  events(directory: string, leftOut: LeftOut): AsyncIterable<Interaction>
  items?(directory: string): AsyncIterable<CatalogueRow<Item>>
  users?(directory: string): AsyncIterable<CatalogueRow<User>>
}
