/** The rows of the table of topics in docs/architecture.md. */
import { topics } from '../../schemas/topics.ts'
import type { AnyTopic } from '../../topology/graph.ts'

const DAY_MS = 86_400_000
const by = { visitor: 'visitor', item: 'item', key: 'its key', explicit: 'the writer' } as const

/** Cells of each row: topic, kind, record, key, partition, how long it is kept. */
export const topicRows = (): string[][] =>
  (Object.values(topics) as AnyTopic[]).map(topic => [
    `\`${topic.name}\``,
    topic.kind,
    `\`${topic.schema.name}\``,
    topic.key,
    by[topic.by],
    topic.kind === 'table'
      ? 'last value per key'
      : topic.retentionMs < 0
        ? 'for ever'
        : `${topic.retentionMs / DAY_MS} d`,
  ])
