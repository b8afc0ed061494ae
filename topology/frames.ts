/**
 * Signals on their way from user tasks to item tasks. One frame holds what one commit of one user task has for one item
 * partition; ids stand in it once. The item task remembers the last source offset it has counted per source and skips
 * the rest, so a frame that comes twice counts once.
 */
import type { ItemDeltas, ItemEvent } from '../processors/events.ts'
import { partitionOf } from '../schemas/ids.ts'
import type { SignalEntry, SignalFrame } from '../schemas/signal-frame.ts'
import type { Signal, SignalKind } from '../schemas/signals.ts'

/** Entries beyond this go into a further frame, so that a frame stays below the largest record. */
const MAX_FRAME_BYTES = 500_000
/** Of a delta or an entry, generously: numbers are variable in length. */
const DELTA_BYTES = 16

interface OpenFrame {
  readonly frame: SignalFrame
  readonly indexes: Map<string, number>
  bytes: number
}

export class FrameWriter {
  readonly #source: number
  readonly #partitions: number
  /** Item → partition, of the items of this commit: hashing an id costs more than looking it up. */
  readonly #targets = new Map<string, number>()
  #open = new Map<number, OpenFrame>()
  #full: { partition: number; frame: SignalFrame }[] = []

  constructor(source: number, partitions: number) {
    this.#source = source
    this.#partitions = partitions
  }

  /** @param offset - of the source record; never below the one before */
  add(offset: number, atMs: number, signals: readonly Signal[]): void {
    const entries = new Map<OpenFrame, SignalEntry>()
    for (const signal of signals) {
      const target = this.#frameOf(this.#targetOf(signal.itemId), offset)
      let entry = entries.get(target)
      if (!entry) {
        entry = { offset, atMs, deltas: [] }
        entries.set(target, entry)
        target.frame.entries.push(entry)
        target.bytes += DELTA_BYTES
      }
      const other = signal.other === '' ? -1 : indexOf(target, signal.other)
      entry.deltas.push({ kind: signal.kind, item: indexOf(target, signal.itemId), other, amount: signal.amount })
      target.bytes += DELTA_BYTES
    }
  }

  /** @returns all frames, by target partition, and starts anew */
  take(): { partition: number; frame: SignalFrame }[] {
    const frames = this.#full
    for (const [partition, { frame }] of this.#open) frames.push({ partition, frame })
    this.clear()
    return frames
  }

  clear(): void {
    this.#open = new Map()
    this.#full = []
    this.#targets.clear()
  }

  #targetOf(itemId: string): number {
    const known = this.#targets.get(itemId)
    if (known !== undefined) return known
    const target = partitionOf(itemId, this.#partitions)
    this.#targets.set(itemId, target)
    return target
  }

  #frameOf(partition: number, offset: number): OpenFrame {
    const open = this.#open.get(partition)
    // One source record never spans two frames: the reader skips by source offset.
    if (open && (open.bytes < MAX_FRAME_BYTES || open.frame.entries.at(-1)?.offset === offset)) return open
    if (open) this.#full.push({ partition, frame: open.frame })
    const next: OpenFrame = { frame: { source: this.#source, strings: [], entries: [] }, indexes: new Map(), bytes: 0 }
    this.#open.set(partition, next)
    return next
  }
}

function indexOf(open: OpenFrame, text: string): number {
  const known = open.indexes.get(text)
  if (known !== undefined) return known
  const index = open.frame.strings.push(text) - 1
  open.indexes.set(text, index)
  open.bytes += Buffer.byteLength(text) + 2
  return index
}

/**
 * @param after - the last source offset already counted, −1 for none
 * @returns one event per source record and item, in source order; each with the source offset it belongs to
 */
export function unframe(frame: SignalFrame, after: number): ItemEvent[] {
  const events: ItemEvent[] = []
  for (const entry of frame.entries) {
    if (entry.offset <= after) continue
    const byItem = new Map<number, ItemDeltas['deltas'][number][]>()
    for (const { kind, item, other, amount } of entry.deltas) {
      const delta = { kind: kind as SignalKind, other: other < 0 ? '' : (frame.strings[other] as string), amount }
      const group = byItem.get(item)
      if (group) group.push(delta)
      else byItem.set(item, [delta])
    }
    for (const [item, deltas] of byItem)
      events.push({ kind: 'deltas', itemId: frame.strings[item] as string, atMs: entry.atMs, deltas })
  }
  return events
}
