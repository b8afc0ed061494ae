/** Makes a failing run small: without delays, faults, actions and events that it does not need to fail in the same way. */
import type { Invariant } from './invariants.ts'
import type { Run } from './run-plan.ts'
import type { Part } from './simulator.ts'
import { idOfFault } from './trouble.ts'

/** Tries after which the smallest run found so far is good enough. */
const MAX_TRIES = 120

export interface Shrunk {
  readonly run: Run
  readonly hasDelays: boolean
  readonly tries: number
}

/** @param attempt - runs a part of the seed anew */
export async function shrink(failed: Run, attempt: (part: Part) => Promise<Run>): Promise<Shrunk> {
  const invariant = failed.breach?.invariant as Invariant
  let best = failed
  let tries = 0
  let part: Required<Part> = {
    faults: new Set(failed.faults.map(idOfFault)),
    hasDelays: true,
    plan: { actions: failed.actions, sent: failed.plan.sent },
  }
  const isStillFailing = async (smaller: Part): Promise<boolean> => {
    if (tries++ >= MAX_TRIES) return false
    const next = { ...part, ...smaller }
    const run = await attempt(next)
    if (run.breach?.invariant !== invariant) return false
    part = { ...next, faults: new Set(run.faults.map(idOfFault)), plan: { ...next.plan, actions: run.actions } }
    best = run
    return true
  }
  await isStillFailing({ hasDelays: false })
  await fewer([...part.faults], async faults => isStillFailing({ faults: new Set(faults) }))
  await fewer(failed.actions, async actions => isStillFailing({ plan: { ...part.plan, actions } }))
  await fewer(failed.plan.sent, async sent => isStillFailing({ plan: { ...part.plan, sent } }))
  return { run: best, hasDelays: part.hasDelays, tries }
}

/** Leaves out halves, then quarters, and so on, as long as what is left does it (Zeller, Hildebrandt 2002, without its complements). */
async function fewer<T>(all: readonly T[], isEnough: (some: readonly T[]) => Promise<boolean>): Promise<void> {
  let kept = all
  if (kept.length > 0 && (await isEnough([]))) return
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < kept.length; ) {
      const rest = [...kept.slice(0, from), ...kept.slice(from + size)]
      if (await isEnough(rest)) kept = rest
      else from += size
    }
  }
}
