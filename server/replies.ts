/** An answer as it goes out. */
import { reasonOf } from '../connectors/reason.ts'
import type { ItemMirror } from './item-mirror.ts'
import type { ServerMetrics } from './metrics.ts'
import type { Candidate } from './ranking.ts'

export interface Reply {
  readonly requestId: string
  readonly listId: string
  readonly becauseOf?: string | null
  readonly items: readonly ReplyItem[]
  readonly model: string
  readonly arms: Readonly<Record<string, string>>
  readonly builtAt: number
  readonly rung: string
  readonly degraded: readonly string[]
  readonly cursor?: string
}
interface ReplyItem {
  readonly itemId: string
  readonly score: number
  readonly source: string
  readonly reason: string
  readonly title?: string
  readonly because?: readonly string[]
}

export function replyItems(ranked: readonly Candidate[], mirror: ItemMirror, explain: boolean): ReplyItem[] {
  return ranked.map(({ itemId, score, source, because }) => {
    const item = {
      itemId,
      score: Math.round(score * 10_000) / 10_000,
      source,
      reason: reasonOf(
        source,
        because.map(id => mirror.nameOf(id)),
      ),
    }
    return explain ? { ...item, title: mirror.nameOf(itemId), because } : item
  })
}

export function countAnswer(metrics: ServerMetrics, rung: string, degraded: Iterable<string>): void {
  metrics.answers.inc({ rung })
  for (const reason of degraded) metrics.degraded.inc({ reason })
}
