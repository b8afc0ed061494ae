/** A V processor driven by hand: its indexes, one instance, and records as the topics carry them. */
import type { BroadcastIndex, TableRecord, ViewDefinition, ViewInstance } from '../../processors/define.ts'
import type { ItemFeatures } from '../../schemas/item-features.ts'
import { topics, type Topic } from '../../schemas/topics.ts'
import { itemOf } from './item-events.ts'

export class ViewFixture {
  readonly instance: ViewInstance
  readonly counts = new Map<string, number>()
  readonly #view: ViewDefinition
  readonly #indexes = new Map<string, BroadcastIndex>()
  #offset = 0

  constructor(view: ViewDefinition) {
    this.#view = view
    for (const [name, make] of Object.entries(view.indexes ?? {})) this.#indexes.set(name, make())
    this.instance = view.create({
      partition: 0,
      partitions: 1,
      index: <T extends BroadcastIndex>(topic: { readonly name: string }) => this.#indexes.get(topic.name) as T,
      count: (counter, by = 1) => this.counts.set(counter, (this.counts.get(counter) ?? 0) + by),
    })
  }

  /** @returns the keys that the record made stale */
  feed<T>(topic: Topic<T>, key: string, value: T | null): string[] {
    const record: TableRecord = {
      topic: topic.name,
      partition: 0,
      offset: this.#offset++,
      timestampMs: 0,
      key,
      value,
    }
    const index = this.#indexes.get(topic.name)
    if (this.#view.inputs.some(input => input.name === topic.name)) return [...this.instance.apply(record)]
    index?.apply(record)
    return [...(this.instance.onBroadcast?.(record) ?? [])]
  }

  features(itemId: string, fields: Partial<ItemFeatures> = {}): string[] {
    return this.feed(topics.itemFeatures, itemId, featuresOf(itemId, fields))
  }

  /** @returns the value of the one record that the key's build gives; undefined for none, null for a deletion */
  build<T>(key: string, nowMs = 0): T | null | undefined {
    const records = this.instance.build(key, nowMs)
    if (records.length > 1 || (records[0] && records[0].key !== key)) throw new Error(`wanted one record of ${key}`)
    return records[0]?.value as T | null | undefined
  }
}

export function featuresOf(itemId: string, fields: Partial<ItemFeatures> = {}): ItemFeatures {
  const none = { counts: {}, viewedNorm: [], boughtNorm: [], newestMs: 0 }
  return { itemId, row: 0, epoch: 0, revision: 0, item: itemOf(), ...none, ...fields }
}
