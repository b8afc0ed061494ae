/**
 * Facts of every item in process memory, since reading them from Redis per request is 40 times slower. Loaded from the
 * pages the sink writes, kept fresh by looking at one version key every second.
 */
import type { ItemFacts } from '../schemas/item-facts.ts'
import { packedFacts } from '../schemas/packed.ts'
import type { View } from '../connectors/view.ts'

/** Pages read side by side, so that a start does not hold up everything else. */
const PAGES_AT_ONCE = 8

export class ItemMirror {
  readonly #view: View
  readonly #facts = new Map<string, ItemFacts>()
  readonly #pages = new Map<number, string>()
  /** Items whose facts say that they are not available. */
  readonly #takenDown = new Set<string>()
  #gone: ReadonlySet<string> = new Set()
  #version: string | undefined

  constructor(view: View) {
    this.#view = view
  }

  get size(): number {
    return this.#facts.size
  }

  facts(itemId: string): ItemFacts | undefined {
    return this.#facts.get(itemId)
  }

  /** Taken down; an item nobody has told of is not. */
  isGone(itemId: string): boolean {
    // Almost no item is: two small sets are asked, not the map of all facts.
    return this.#takenDown.has(itemId) || this.#gone.has(itemId)
  }

  /** Known items in no particular order. */
  items(): IterableIterator<ItemFacts> {
    return this.#facts.values()
  }

  /** The item's name for a sentence, its id where it has none. */
  nameOf(itemId: string): string {
    return this.#facts.get(itemId)?.title || itemId
  }

  /** Reads what changed since last time. @throws where the view does not answer; what is held stays */
  async refresh(): Promise<void> {
    const version = await this.#view.itemsVersion()
    if (version === undefined || version === this.#version) return
    const pages = await this.#view.itemPages()
    const changed = Array.from(pages.keys()).filter(page => pages.get(page) !== this.#pages.get(page))
    for (let at = 0; at < changed.length; at += PAGES_AT_ONCE) {
      await Promise.all(changed.slice(at, at + PAGES_AT_ONCE).map(page => this.#load(page, pages.get(page) ?? '')))
    }
    this.#gone = new Set(await this.#view.gone())
    this.#version = version
  }

  async #load(page: number, change: string) {
    for (const bytes of await this.#view.itemPage(page)) {
      const facts = packedFacts.unpack(bytes)
      if (!facts) continue
      this.#facts.set(facts.itemId, facts)
      if (facts.available) this.#takenDown.delete(facts.itemId)
      else this.#takenDown.add(facts.itemId)
    }
    this.#pages.set(page, change)
  }
}
