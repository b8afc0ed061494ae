/** The graph of Freshet: what reads and writes what. */
import type { AnyProcessor, Origin } from '../processors/define.ts'
import { admit } from '../processors/admit.ts'
import { coOccurrence } from '../processors/co-occurrence.ts'
import type { ItemEvent } from '../processors/events.ts'
import { itemFeatures } from '../processors/item-features.ts'
import { list, type ListOptions } from '../processors/list.ts'
import type { FoldOptions } from '../processors/options.ts'
import { popularity } from '../processors/popularity.ts'
import { profile } from '../processors/profile.ts'
import { related } from '../processors/related.ts'
import { sessionFeatures } from '../processors/session-features.ts'
import { signals } from '../processors/signals.ts'
import { trending } from '../processors/trending.ts'
import { FreshetError } from '../schemas/errors.ts'
import { idProblem } from '../schemas/ids.ts'
import type { Item } from '../schemas/item.ts'
import { topics } from '../schemas/topics.ts'
import { type AnyTopic, type Stage, type Topology, topology } from './graph.ts'

export function recommender(folds: FoldOptions, lists: Partial<ListOptions>): Topology {
  return topology({
    sources: [
      topics.interactions,
      topics.items,
      topics.users,
      topics.served,
      topics.examples,
      topics.erasures,
      topics.models,
      topics.experiments,
      topics.rules,
    ],
    stages: [
      userStage([admit(folds), sessionFeatures(folds), profile(folds), signals(folds)]),
      itemStage([
        coOccurrence('viewed-with', folds),
        coOccurrence('next', folds),
        coOccurrence('bought-with', folds),
        popularity(folds),
        itemFeatures(folds),
      ]),
    ],
    views: [related(folds), trending(folds), list(lists)],
    sink: [topics.profiles, topics.lists, topics.related, topics.trending, topics.itemFeatures],
  })
}

const userStage = (processors: readonly AnyProcessor[]): Stage => ({
  name: 'user',
  inputs: [topics.interactions],
  processors,
  signalsTo: topics.signals,
  rejectsTo: topics.rejected,
  eventsOf: (_topic: AnyTopic, key: string | null, value: unknown, origin: Origin) => [{ value, key, origin }],
})

const itemStage = (processors: readonly AnyProcessor[]): Stage => ({
  name: 'item',
  inputs: [topics.signals, topics.items],
  framedInput: topics.signals,
  processors,
  rejectsTo: topics.rejected,
  eventsOf(_topic: AnyTopic, itemId: string | null, value: unknown): ItemEvent[] {
    const problem = idProblem(itemId)
    if (itemId === null || problem) throw new FreshetError('INVALID_ID', `key: ${problem}`)
    return [{ kind: 'catalogue', itemId, item: value as Item | null }]
  },
})
