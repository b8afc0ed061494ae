/** What time takes out of the embedded log: streams past their retention, tombstones that every reader has seen. */
import { streamKey, tableKey } from './record-bytes.ts'
import type { EmbeddedStore, StoredTopic, TopicState } from './store.ts'
import type { EmbeddedWriter } from './writer.ts'

/** A reader that is away for longer may miss a deletion and must rebuild. The same as Kafka's delete.retention.ms. */
const TOMBSTONE_MS = 86_400_000
/** Deletions in one transaction, so that commits do not wait long for it. */
const SLICE = 5_000

/** @param tombstoneMs - tombstones this old go. Default 24 h */
export async function clean(
  store: EmbeddedStore,
  writer: EmbeddedWriter,
  nowMs: number,
  tombstoneMs = TOMBSTONE_MS,
): Promise<void> {
  for (const topic of store.topics.values()) {
    const { cleanup, retentionMs } = topic.settings
    if (cleanup === 'compact') await dropTombstones(store, writer, topic, nowMs - tombstoneMs)
    else if (retentionMs > 0) await purge(writer, topic, firstKept(store, topic, nowMs - retentionMs))
  }
}

/** Deletes every record of a stream before `beforeOffset`, in slices. */
export async function purge(writer: EmbeddedWriter, topic: TopicState, beforeOffset: number): Promise<void> {
  const end = Math.min(beforeOffset, topic.next)
  while (topic.begin < end) {
    await writer.submit(draft => {
      const begin = Math.min(end, topic.begin + SLICE)
      for (let offset = topic.begin; offset < begin; offset++) {
        draft.changes.push({ db: 'streams', key: streamKey(topic.id, offset) })
      }
      const value: StoredTopic = { id: topic.id, settings: topic.settings, begin }
      draft.changes.push({ db: 'meta', key: ['topic', topic.settings.name], value })
      draft.begins.set(topic, begin)
    })
  }
}

/** @returns offset of the first record appended after `timeMs` */
function firstKept(store: EmbeddedStore, topic: TopicState, timeMs: number): number {
  let offset = topic.begin
  while (offset < topic.next) {
    const slice = store.read(topic, offset, topic.next, SLICE)
    const kept = slice.records.find(record => record.timestampMs > timeMs)
    if (kept) return kept.offset
    offset = slice.nextOffset
  }
  return offset
}

async function dropTombstones(
  store: EmbeddedStore,
  writer: EmbeddedWriter,
  topic: TopicState,
  timeMs: number,
): Promise<void> {
  for (let isMore = true; isMore; ) {
    await writer.submit(draft => {
      const marks = store.tombstones(topic, SLICE)
      isMore = marks.length === SLICE
      // What this transaction itself writes again must stay.
      const written = new Set(
        draft.records.get(topic)?.map(({ key }) => key && tableKey(topic.id, key).toString('latin1')),
      )
      for (const { offset, key } of marks) {
        const record = store.newest(topic, key)
        const isNewest = record?.offset === offset && !written.has(key.toString('latin1'))
        if (isNewest && record.timestampMs > timeMs) {
          isMore = false
          break
        }
        draft.changes.push({ db: 'tombstones', key: streamKey(topic.id, offset) })
        // A mark without its record: the key was written again.
        if (isNewest) draft.changes.push({ db: 'tables', key })
      }
    })
  }
}
