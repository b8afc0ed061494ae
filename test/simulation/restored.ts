/** I6: what a task holds when it starts to work, against the changelog up to the barrier that it wrote itself. */
import { dataKey, slotsOf } from '../../topology/changelog.ts'
import { changelogName, type Stage } from '../../topology/graph.ts'
import type { TaskState } from '../../topology/state.ts'
import type { SimulatedProcess } from './process.ts'
import type { Image } from './witness.ts'
import type { World } from './world.ts'

export function compareRestored(
  world: World,
  process: SimulatedProcess,
  changelog: string,
  partition: number,
  barrier: string,
): void {
  const stage = world.graph.stages.find(one => changelogName(one) === changelog)
  const task = stage && process.running?.stages.get(stage.name)?.tasks.get(partition)
  if (!stage || !task) return // another assignment has come meanwhile
  const image = world.witness.before(barrier)
  const at = `${process.name} ${stage.name}[${partition}]`
  if (!image) {
    world.complain('I6', `${at} works behind a barrier that was never committed`)
    return
  }
  const difference = differenceOf(pagesOf(stage, task.state), image.pages)
  if (difference) world.complain('I6', `${at} holds other state than its changelog: ${difference}`)
  const positions = JSON.stringify(image.progress?.positions ?? null)
  const reached = JSON.stringify(task.committedPositions)
  if (image.progress && positions !== reached)
    world.complain('I6', `${at} starts from ${reached}, its changelog says ${positions}`)
}

/** Changelog key, latin1 → bytes, of everything a task holds. */
export function pagesOf(stage: Stage, state: TaskState): Image['pages'] {
  const pages = new Map<string, Buffer>()
  slotsOf(stage).forEach((slot, number) => {
    for (const [key, value] of state.entries(slot.processor)) {
      const held = value[slot.part]
      const list = slot.kind === 'paged' ? (held as readonly unknown[]) : held === undefined ? [] : [held]
      list.forEach((page, n) => {
        if (page !== undefined) pages.set(dataKey(number, n, key).toString('latin1'), slot.schema.encode(page))
      })
    }
  })
  return pages
}

/** @returns the first page that differs, in words */
export function differenceOf(held: Image['pages'], wanted: Image['pages']): string | undefined {
  for (const [key, bytes] of held) {
    const other = wanted.get(key)
    if (!other) return `${JSON.stringify(key)} is held and not in the log`
    if (!other.equals(bytes)) return `${JSON.stringify(key)} differs`
  }
  for (const key of wanted.keys()) if (!held.has(key)) return `${JSON.stringify(key)} is in the log and not held`
  return undefined
}
