/** Every planted fault by its name. */
import type { Substitution } from '../world.ts'
import { anyBarrier } from './any-barrier.ts'
import { framesTwice } from './frames-twice.ts'
import { goesOnReading } from './goes-on-reading.ts'
import { halfLoaded } from './half-loaded.ts'
import { kafkajsFilter } from './kafkajs-filter.ts'
import { lateIsSuccess } from './late-is-success.ts'
import { noFencing } from './no-fencing.ts'
import { noReplayOnReconnect } from './no-replay-on-reconnect.ts'
import { noVersions } from './no-versions.ts'
import { outboxKept } from './outbox-kept.ts'
import { pendingForgotten } from './pending-forgotten.ts'
import type { Planted } from './planted.ts'
import { positionBeforeValues } from './position-before-values.ts'
import { positionsBeforeLists } from './positions-before-lists.ts'
import { progressApart } from './progress-apart.ts'
import { readUncommitted } from './read-uncommitted.ts'
import { skipsWithoutSchema } from './skips-without-schema.ts'
import { toHighWatermark } from './to-high-watermark.ts'
import { undoKept } from './undo-kept.ts'

export const planted: Readonly<Record<string, Planted>> = {
  'no-fencing': noFencing,
  'progress-apart': progressApart,
  'late-is-success': lateIsSuccess,
  'undo-kept': undoKept,
  'outbox-kept': outboxKept,
  'goes-on-reading': goesOnReading,
  'to-high-watermark': toHighWatermark,
  'any-barrier': anyBarrier,
  'pending-forgotten': pendingForgotten,
  'frames-twice': framesTwice,
  'kafkajs-filter': kafkajsFilter,
  'read-uncommitted': readUncommitted,
  'skips-without-schema': skipsWithoutSchema,
  'no-replay-on-reconnect': noReplayOnReconnect,
  'half-loaded': halfLoaded,
  'positions-before-lists': positionsBeforeLists,
  'no-versions': noVersions,
  'position-before-values': positionBeforeValues,
}

/** @throws for a name that is not in the table */
export function substitutionOf(name: string): Substitution {
  const fault = planted[name]
  if (!fault) throw new Error(`wanted a planted fault of the table, got ${name}`)
  return fault.substitute()
}
