/** How far the sink is with one partition of one table. */
import type { Topic } from '../schemas/topics.ts'
import type { TopicPartition } from '../topology/log-port.ts'
import type { Version } from './view.ts'

export interface Progress extends TopicPartition {
  readonly table: Topic<unknown>
  state: 'restoring' | 'running' | 'dropped'
  /** Rises with every replay, so that a batch in flight does not move the position of the next run. */
  run: number
  /** What stands in the view. */
  stands: Version
  /** Everything before it is in the view. */
  next: number
  /** Offset last committed for dashboards; −1 for none. */
  committed: number
  /** Offsets below it are old news that is only written again: a view that was flushed, or is new. */
  newsFrom: number
  /** Settles when the batch in flight is done. */
  busy: Promise<void>
}

export const newProgress = ({ topic, partition }: TopicPartition, table: Topic<unknown>): Progress => ({
  topic,
  partition,
  table,
  state: 'restoring',
  run: 0,
  stands: { generation: 0, offset: 0 },
  next: 0,
  committed: -1,
  newsFrom: 0,
  busy: Promise.resolve(),
})

export const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

/** Another owner may have gone further. */
export const furthest = ({ stands, next }: Progress): Version => ({ ...stands, offset: Math.max(stands.offset, next) })
