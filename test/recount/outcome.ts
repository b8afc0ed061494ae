/** Runs the real graph over a workload and reads back what it left in the log. */
import assert from 'node:assert/strict'
import type { FoldOptions } from '../../processors/options.ts'
import type { Interaction } from '../../schemas/interaction.ts'
import type { Item } from '../../schemas/item.ts'
import type { Rejected } from '../../schemas/rejected.ts'
import type { SessionClick } from '../../schemas/session-click.ts'
import { topics } from '../../schemas/topics.ts'
import { digestOf, type StoreDigest } from '../../topology/digest.ts'
import type { Stage } from '../../topology/graph.ts'
import { readState, type StageImage } from '../../topology/read-state.ts'
import { recommender } from '../../topology/recommender.ts'
import { Driver, type Process } from '../topology/driver.ts'
import type { Logged } from '../../audit/admission.ts'
import type { Burst } from './stream.ts'

export type CatalogueChange = readonly [itemId: string, item: Item | null]
export interface Workload {
  readonly folds: FoldOptions
  readonly bursts: readonly Burst[]
  readonly catalogue: readonly CatalogueChange[]
}

export interface Outcome {
  readonly log: Logged[]
  readonly user: StageImage
  readonly item: StageImage
  readonly refused: Map<string, string>
  readonly clicks: SessionClick[]
  readonly digests: StoreDigest[]
  readonly stages: readonly Stage[]
}

/** @returns what the log and the state of the graph hold once the work is done */
export async function outcomeOf(work: Workload, partitions: number, maxBatchRecords: number): Promise<Outcome> {
  const graph = recommender(work.folds, {})
  const [userStage, itemStage] = graph.stages as [Stage, Stage]
  const driver = await Driver.open(graph, { partitions, maxBatchRecords })
  try {
    let process: Process | undefined
    const changesABurst = Math.ceil(work.catalogue.length / work.bursts.length)
    for (const [n, burst] of work.bursts.entries()) {
      if (burst.isLive) process ??= await driver.start()
      await driver.publish(topics.interactions, burst.events)
      const changes = work.catalogue.slice(n * changesABurst, (n + 1) * changesABurst)
      await driver.publish(
        topics.items,
        changes.map(([key, value]) => ({ key, value })),
      )
      if (process) await driver.turn(burst.afterMs)
      else driver.clock.advance(burst.afterMs)
    }
    await driver.settle(1_500)
    assert.deepEqual(process?.fatal, [])
    const nameOf = (topic: { readonly name: string }) => topic.name
    const [user, items] = [
      await readState(driver.log, userStage, nameOf),
      await readState(driver.log, itemStage, nameOf),
    ]
    const log = (await driver.read<Interaction>(topics.interactions)).map(record => ({
      partition: record.partition,
      offset: record.offset,
      appendedAtMs: record.timestampMs,
      key: record.key,
      value: record.value as Interaction,
    }))
    const rejected = (await driver.read<Rejected>(topics.rejected)).map(record => record.value as Rejected)
    const ofLog = rejected.filter(one => one.topic === topics.interactions.name)
    return {
      log,
      user,
      item: items,
      refused: new Map(ofLog.map(one => [`${one.partition}:${one.offset}`, one.code])),
      clicks: (await driver.read<SessionClick>(topics.sessionClicks)).map(record => record.value as SessionClick),
      digests: [...digestOf(userStage, user.states), ...digestOf(itemStage, items.states)],
      stages: graph.stages,
    }
  } finally {
    await driver.close()
  }
}
