/** The categories of items and whether they may be shown, by item number, from `item-features.v1`. */
import type { ItemFeatures } from '../schemas/item-features.ts'
import { ItemIds } from './item-ids.ts'
import { Standing } from './standing.ts'

const NONE: readonly string[] = []

export class CategoryIndex {
  readonly ids = new ItemIds()
  readonly standing = new Standing()
  readonly #names = new Map<string, string>()
  readonly #categories: (readonly string[] | undefined)[] = []

  /** @param record - of `item-features.v1` */
  apply(record: { readonly key: string; readonly value: unknown }): void {
    const item = (record.value as ItemFeatures | null)?.item ?? null // the topic's schema has read it
    const index = this.ids.intern(record.key)
    this.standing.set(index, item)
    this.#categories[index] = item ? [...new Set(item.categories)].map(name => this.#own(name)) : undefined
  }

  /** @returns distinct names, most specific first */
  categoriesOf(index: number): readonly string[] {
    return this.#categories[index] ?? NONE
  }

  /** One string a name, however many items have it. */
  #own(name: string): string {
    const known = this.#names.get(name)
    if (known === undefined) this.#names.set(name, name)
    return known ?? name
  }
}
