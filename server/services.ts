/** What the routes share. */
import type { ItemMirror } from './item-mirror.ts'
import type { ServerMetrics } from './metrics.ts'
import type { Pages } from './pages.ts'
import type { ViewReader } from './view-reader.ts'

export interface Services {
  readonly reader: ViewReader
  readonly mirror: ItemMirror
  readonly metrics: ServerMetrics
  readonly pages: Pages
  /** ms since the epoch */
  readonly now: () => number
}
