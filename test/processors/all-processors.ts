/** Every D and C processor, by stage, with events that reach all of its cases. A new processor is added here, or the count fails. */
import type fc from 'fast-check'
import { admit } from '../../processors/admit.ts'
import { coOccurrence } from '../../processors/co-occurrence.ts'
import type { AnyProcessor } from '../../processors/define.ts'
import { itemFeatures } from '../../processors/item-features.ts'
import { defaultFolds, type FoldOptions } from '../../processors/options.ts'
import { popularity } from '../../processors/popularity.ts'
import { profile } from '../../processors/profile.ts'
import { sessionFeatures } from '../../processors/session-features.ts'
import { signals } from '../../processors/signals.ts'
import { arrivals } from './arrivals.ts'
import type { Sent } from './drive.ts'
import { itemEvents } from './item-events.ts'

export interface CoveredStage {
  readonly name: string
  readonly processors: readonly AnyProcessor[]
  readonly events: (size: { minLength?: number; maxLength: number }) => fc.Arbitrary<Sent[]>
  /** Processor → part → most pages a key may have; 1 for a single part. */
  readonly maxPages: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Most Avro bytes a page may have when ids have at most 12 bytes. */
  readonly maxPageBytes: number
}

export const userStage = (options: FoldOptions = defaultFolds): AnyProcessor[] => [
  admit(options),
  sessionFeatures(options),
  profile(options),
  signals(options),
]

export const itemStage = (options: FoldOptions = defaultFolds): AnyProcessor[] => [
  coOccurrence('viewed-with', options),
  coOccurrence('next', options),
  coOccurrence('bought-with', options),
  popularity(options),
  itemFeatures(options),
]

export const coveredStages: readonly CoveredStage[] = [
  {
    name: 'user',
    processors: userStage(),
    events: arrivals,
    maxPages: {
      admit: { recent: 33 },
      'session-features': { session: 1, cart: 1, recent: 10 },
      profile: { facts: 1, items: 13, bought: 64, shown: 8 },
      signals: { window: 1, orders: 4 },
    },
    maxPageBytes: 700,
  },
  {
    name: 'item',
    processors: itemStage({ ...defaultFolds, maxNeighbours: 80 }),
    events: itemEvents,
    maxPages: {
      'viewed-with': { pages: 5 },
      next: { pages: 5 },
      'bought-with': { pages: 5 },
      popularity: { pages: 8 },
      'item-features': { facts: 1, statistics: 1 },
    },
    maxPageBytes: 1_200,
  },
]

export const COVERED_PROCESSORS = 9
