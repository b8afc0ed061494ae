/** Handlers that throw at one event, `chaos-throw`, and take CHAOS_SLOW_MS for each record. */
import { StageFold } from '../../../topology/stage-fold.ts'

const THROWS = 'chaos-throw'
const slowMs = Number(process.env.CHAOS_SLOW_MS ?? 0)
const { record } = StageFold.prototype

StageFold.prototype.record = function slowOrFailing(events, origin) {
  const given = [...events]
  if (given.some(hasToThrow)) throw new Error('a defect made for the test')
  const untilMs = performance.now() + slowMs
  while (performance.now() < untilMs); // as a handler works: without letting anybody else
  return record.call(this, given, origin)
}

function hasToThrow(event: unknown): boolean {
  const value = (event as { readonly value?: { readonly eventId?: unknown } } | null)?.value
  return value?.eventId === THROWS
}
