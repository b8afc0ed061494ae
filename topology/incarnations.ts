/**
 * Which incarnation of a topic the offsets of its records belong to. A topic that is created anew starts again at offset
 * 0; its generation, ms since the epoch at its creation, lets a View tell newer from older all the same. Kept in a table of
 * its own, `incarnations.v1`: key the topic's name, value the generation as decimal text.
 */
import { partitionOf } from '../schemas/ids.ts'
import type { Clock } from './clock.ts'
import { FencedError, IndefiniteError, type LogPort, type Transactor } from './log-port.ts'
import { readToEnd } from './read-to-end.ts'

export const INCARNATIONS = 'incarnations.v1'

/** Of two processes that start at once one is fenced, and asks again after up to so long. */
const AGAIN_MS = 200
const MAX_ATTEMPTS = 50

interface Asked {
  readonly log: LogPort
  /** Name of the incarnations table, and how many partitions it has. */
  readonly table: string
  readonly partitions: number
  /** Transactional id under which generations are given out: one process at a time reads what is known and adds to it. */
  readonly lease: string
  readonly names: readonly string[]
  /** Topics that this process has just created. */
  readonly created: readonly string[]
  /** What stood in the table before they were, where somebody has read it. */
  readonly known?: ReadonlyMap<string, number> | undefined
  readonly clock: Pick<Clock, 'now' | 'wait'>
}

/** @returns topic → generation, for every topic of `names`; the same for every process that asks */
export async function incarnationsOf(asked: Asked): Promise<ReadonlyMap<string, number>> {
  const { log, table, partitions, lease, names, created, clock } = asked
  const before = asked.known ?? (await readIncarnations(log, table))
  // One that was created here is new, unless somebody has given it a generation since.
  const isMissing = (name: string, known: ReadonlyMap<string, number>) =>
    !known.has(name) || (created.includes(name) && known.get(name) === before.get(name))
  if (!names.some(name => isMissing(name, before))) return before
  for (let attempt = 1; ; attempt++) {
    let transactor: Transactor | undefined
    try {
      transactor = await log.transactor(lease)
      // Nobody can commit under the lease between this and our own commit without fencing it.
      const known = await readIncarnations(log, table)
      const missing = names.filter(name => isMissing(name, known))
      if (missing.length === 0) return known
      const given = missing.map((name): [string, number] => [name, Math.max(clock.now(), (known.get(name) ?? 0) + 1)])
      await transactor.commit(
        given.map(([name, generation]) => ({
          topic: table,
          partition: partitionOf(name, partitions),
          key: Buffer.from(name),
          value: Buffer.from(String(generation)),
        })),
      )
      return new Map([...known, ...given])
    } catch (error) {
      const isPassing = error instanceof FencedError || error instanceof IndefiniteError
      if (!isPassing || attempt === MAX_ATTEMPTS) throw error
    } finally {
      await transactor?.close()
    }
    await clock.wait(Math.random() * AGAIN_MS)
  }
}

/** @returns topic → generation, of all that have one now */
export async function readIncarnations(log: LogPort, table: string): Promise<Map<string, number>> {
  const generations = new Map<string, number>()
  await readToEnd(log, [table], ({ key, value }) => {
    if (key && value) generations.set(key.toString(), Number(value.toString()))
  })
  return generations
}
