/**
 * The audit: the interactions from the beginning of the log, counted by other code, beside the committed state. The chain may run
 * meanwhile. State as of progress P is compared with a recount up to P: of a user task the next offset of its partition, of
 * an item task the last source offset of every user task whose signals it has counted.
 *
 * Visitors are held one partition at a time, items all at once.
 */
import type { FoldOptions } from '../processors/options.ts'
import { partitionOf } from '../schemas/ids.ts'
import type { Item } from '../schemas/item.ts'
import { topics } from '../schemas/topics.ts'
import type { Wire } from '../schemas/wire.ts'
import { changelogName, type Stage } from '../topology/graph.ts'
import type { LogPort } from '../topology/log-port.ts'
import { RangeReader } from '../topology/range-reader.ts'
import { AdmissionRecount } from './admission.ts'
import { type Committed, readCommitted } from './committed.ts'
import { CountersRecount } from './counters.ts'
import { interactionsOf, type Verdicts } from './interactions.ts'
import { add, checkStore, type Difference, type StoreCheck, type StoreCount, tableOf } from './rows.ts'
import { catalogueStore, type Facts, itemStores, userStores } from './stores.ts'
import { type Delta, newVisitor, recountEvent, type VisitorRow } from './visitors.ts'

export interface AuditOptions {
  readonly log: LogPort
  readonly wire: Wire
  readonly nameOf: (topic: { readonly name: string }) => string
  readonly folds: FoldOptions
  readonly user: Stage
  readonly item: Stage
  /** Only the stores of one stage; the log is read for either. */
  readonly only?: 'user' | 'item' | undefined
  readonly signal?: AbortSignal
  /** Offsets of the interactions read, of those there were when it began. */
  onProgress(done: number, total: number): void
  onDifference(difference: Difference & { readonly stage: string }): void
}

export interface AuditResult {
  readonly stores: readonly (StoreCount & { readonly stage: string; readonly store: string })[]
  /** Interactions counted again, refused ones among them. */
  readonly interactions: number
  /** Refused before admission by what no recount can know (HANDLER_FAILED, UNKNOWN_SCHEMA): taken from `rejected.v1`. */
  readonly takenOver: number
  /** Partitions whose interactions no longer begin at offset 0. */
  readonly cut: readonly number[]
}

/** @throws FreshetError STATE_MISMATCH; the reason of the signal when it came */
export async function audit(options: AuditOptions): Promise<AuditResult> {
  const { log, nameOf, user, item, signal } = options
  const names = [topics.interactions, topics.items, topics.rejected, ...[user, item].map(changelogOf)].map(nameOf)
  const reader = await RangeReader.open(log, names, signal)
  try {
    return await new Audit(options, reader).run()
  } finally {
    await reader.close()
  }
}

const changelogOf = (stage: Stage) => ({ name: changelogName(stage) })

class Audit {
  readonly #o: AuditOptions
  readonly #reader: RangeReader
  readonly #counts = new Map<string, StoreCount & { stage: string; store: string }>()
  readonly #counters: CountersRecount
  #items: Committed[] = []
  #interactions = 0
  #takenOver = 0

  constructor(options: AuditOptions, reader: RangeReader) {
    this.#o = options
    this.#reader = reader
    this.#counters = new CountersRecount(options.folds)
  }

  async run(): Promise<AuditResult> {
    const { log, nameOf, item, only, onProgress } = this.#o
    const ranges = await log.offsets(nameOf(topics.interactions))
    // First the items: what they have counted, the user tasks have committed before.
    if (only !== 'user') this.#items = await this.#committed(item, ranges.length)
    const total = ranges.reduce((sum, range) => sum + range.end - range.begin, 0)
    let before = 0
    for (const [partition, range] of ranges.entries()) {
      const readTo = (offset: number) => onProgress(before + Math.max(0, offset - range.begin), total)
      await this.#partition(partition, ranges.length, readTo)
      before += range.end - range.begin
      onProgress(before, total)
    }
    if (only !== 'user') {
      const states = this.#items.map(one => one.state)
      for (const store of itemStores(item, states, this.#counters)) this.#check(item, store)
      this.#check(item, catalogueStore(item, states, await this.#catalogue()))
    }
    return {
      stores: [...this.#counts.values()],
      interactions: this.#interactions,
      takenOver: this.#takenOver,
      cut: [...ranges.keys()].filter(partition => (ranges[partition]?.begin ?? 0) > 0),
    }
  }

  async #committed(stage: Stage, partitions: number): Promise<Committed[]> {
    const all: Committed[] = []
    for (let partition = 0; partition < partitions; partition++) all.push(await this.#committedOf(stage, partition))
    return all
  }

  #committedOf(stage: Stage, partition: number): Promise<Committed> {
    const { log, nameOf } = this.#o
    return readCommitted(this.#reader, log, stage, nameOf(changelogOf(stage)), partition)
  }

  async #partition(partition: number, partitions: number, readTo: (offset: number) => void): Promise<void> {
    const { nameOf, user, only, folds } = this.#o
    const topic = nameOf(topics.interactions)
    const applied = this.#items.map(one => one.progress?.appliedUpTo[partition] ?? -1)
    const committed = only === 'item' ? undefined : await this.#committedOf(user, partition)
    const counted = committed?.progress?.positions[topic] ?? 0
    const end = Math.max(counted, ...applied.map(offset => offset + 1))
    const admission = new AdmissionRecount(folds)
    const visitors = new Map<string, VisitorRow>()
    const verdicts: Verdicts = { wanted: new Map(), got: new Map() }
    const count = (delta: Delta, offset: number) => {
      if (offset <= (applied[partitionOf(delta.itemId, partitions)] ?? -1)) this.#counters.add(delta)
    }
    const told = { ...this.#o, reader: this.#reader, partition, partitions, end, verdicts, readTo }
    const { records, takenOver } = await interactionsOf(told, record => {
      const verdict = admission.take(record)
      if (typeof verdict === 'string') return verdict
      const row = visitors.get(verdict.visitor) ?? newVisitor()
      visitors.set(verdict.visitor, row)
      recountEvent(row, verdict, folds, delta => count(delta, record.offset))
      row.clicks = [] // an output, and no state
      return undefined
    })
    this.#interactions += records
    this.#takenOver += takenOver
    if (!committed) return
    for (const store of userStores(user, committed.state, admission.memories, visitors)) this.#check(user, store)
    const codes = (of: ReadonlyMap<string, string>) => tableOf(of, code => code)
    this.#check(user, { store: 'rejected', wanted: codes(verdicts.wanted), got: codes(verdicts.got) })
  }

  /** Facts of items whose newest record the item task has read; compaction took the older ones of the others. */
  async #catalogue(): Promise<Facts> {
    const { wire, nameOf } = this.#o
    const topic = nameOf(topics.items)
    const facts = new Map<string, Item | null | undefined>()
    for (const [partition, { progress }] of this.#items.entries())
      await this.#reader.read({ topic, partition }, {}, async records => {
        await wire.prepare(records.map(record => record.value))
        for (const { key, value, offset } of records) {
          if (key === null || partitionOf(key, this.#items.length) !== partition) continue
          const isCounted = offset < (progress?.positions[topic] ?? 0)
          facts.set(key.toString(), isCounted ? itemOf(wire, value) : undefined)
        }
      })
    return facts
  }

  #check(stage: Stage, check: StoreCheck): void {
    const count = checkStore(check, difference => this.#o.onDifference({ stage: stage.name, ...difference }))
    const before = this.#counts.get(check.store) ?? { rows: 0, overflowed: 0, differences: 0 }
    this.#counts.set(check.store, { stage: stage.name, store: check.store, ...add(before, count) })
  }
}

/** @returns undefined for what cannot be read: it was set aside, and what stood before it still stands */
function itemOf(wire: Wire, value: Buffer | null): Item | null | undefined {
  if (value === null) return null
  try {
    return wire.decode(topics.items, value)
  } catch {
    return undefined
  }
}
