/** The real graph, with waits a tenth as long so that a run takes little time, and a processor that throws when told to. */
import type { AnyProcessor, ViewDefinition } from '../../processors/define.ts'
import { defaultFolds, type FoldOptions } from '../../processors/options.ts'
import type { Sessioned } from '../../processors/session-features.ts'
import type { Topology } from '../../topology/graph.ts'
import { recommender } from '../../topology/recommender.ts'
import { BOOM } from './workload.ts'

const FASTER = 10
/** A list older than this is built again: also the one that a process which woke up too late has written over a newer one. */
const LIST_AGE_MS = 2_000

/** A graph of its own for every process: views share indexes within one. */
export function simulatedGraph(folds: FoldOptions = defaultFolds): Topology {
  const graph = recommender(folds, { maxAgeMs: LIST_AGE_MS })
  return {
    ...graph,
    stages: graph.stages.map(stage => ({ ...stage, processors: stage.processors.map(hastened) })),
    views: graph.views.map(view => ({ ...view, intervalMs: view.intervalMs / FASTER })),
  }
}

/** @param onBuild - called before a view builds a key */
export const withBuildsWatched = (graph: Topology, onBuild: (view: ViewDefinition) => void): Topology => ({
  ...graph,
  views: graph.views.map(view => ({
    ...view,
    create(context) {
      const instance = view.create(context)
      const build = instance.build.bind(instance)
      instance.build = (key, nowMs) => {
        onBuild(view)
        return build(key, nowMs)
      }
      return instance
    },
  })),
})

function hastened(processor: AnyProcessor): AnyProcessor {
  const tables = processor.tables?.map(table => ({ ...table, coalesceMs: table.coalesceMs / FASTER }))
  const faster = { ...processor, ...(tables && { tables }) }
  return processor.name === 'session-features' ? explosive(faster) : faster
}

const explosive = (processor: AnyProcessor): AnyProcessor => ({
  ...processor,
  step(state, event: Sessioned['admitted'], context) {
    if (event.query === BOOM) throw new Error('boom')
    return processor.step(state, event, context)
  },
})
