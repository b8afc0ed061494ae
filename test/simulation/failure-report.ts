/** A failing seed told to a person: what broke, the smallest way there that was found, and how to see it again. */
import { INVARIANTS } from './invariants.ts'
import type { Shrunk } from './shrink.ts'
import type { Sent } from './workload.ts'
import { START_MS } from './workload.ts'

const MAX_EVENTS = 12

/** @param planted - the name of what was put in on purpose */
export function failureReport({ run, hasDelays, tries }: Shrunk, planted: string | undefined): string {
  const { plan, breach } = run
  if (!breach) throw new Error('wanted a run that failed')
  const happened = [
    ...run.faults.map(fault => ({
      atMs: fault.atMs - START_MS,
      text: `${fault.client.padEnd(4)} ${fault.kind} (visit ${fault.visit})`,
    })),
    ...run.actions.map(({ atMs, kind, which, forMs }) => ({
      atMs,
      text: `     ${kind}${forMs > 0 ? ` for ${Math.round(forMs)} ms` : ''}, chosen by ${which}`,
    })),
  ].sort((a, b) => a.atMs - b.atMs)
  const events = plan.sent.slice(0, MAX_EVENTS).map(lineOf)
  const more = plan.sent.length - events.length
  return [
    `seed ${plan.seed}: ${breach.invariant}: ${INVARIANTS[breach.invariant]}`,
    ...breach.what.split('\n').map(line => `    ${line}`),
    `  ${plan.processes} processes, ${plan.partitions} partitions, batches of ${plan.maxBatchRecords}, commits of the item stage ` +
      `${plan.itemGapMs} ms apart, ending ${plan.ending}, ${hasDelays ? 'with' : 'without'} delays; found in ${tries} tries`,
    ...(events.length > 0 ? ['  published:', ...events] : []),
    ...(more > 0 ? [`    and ${more} more`] : []),
    happened.length > 0 ? '  what went wrong:' : '  nothing went wrong but this',
    ...happened.map(({ atMs, text }) => `    ${timeOf(atMs)} ${text}`),
    `  again: npm run simulate -- --first-seed ${plan.seed} --seeds 1${planted ? ` --planted ${planted}` : ''}`,
  ].join('\n')
}

const timeOf = (ms: number) => `+${ms.toFixed(1)} ms`.padStart(13)

function lineOf({ atMs, topic, partition, key, value, raw, refusedAs }: Sent): string {
  const fields = value as { type?: string; itemId?: string; available?: boolean } | null
  const what =
    raw !== undefined ? 'poison' : fields === null ? 'tombstone' : `${fields.type ?? ''} ${fields.itemId ?? ''}`
  return `    ${timeOf(atMs)} ${topic.name}[${partition}] ${key ?? 'null'}: ${what.trim() || 'row'}${refusedAs ? ` (${refusedAs})` : ''}`
}
