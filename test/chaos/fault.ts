import type { FreshetProcess } from './freshet-process.ts'
import { kafkaTap, type Passing } from './kafka-frames.ts'
import type { Verdict } from './tcp-proxy.ts'
import type { Shop } from './shop.ts'
import { until } from './until.ts'

export interface Fault {
  /** In the list of faults that the reliability of streams is tested by; see docs/reliability.md. */
  readonly number: number
  readonly name: string
  /** What happens, in a sentence. */
  readonly about: string
  /** The shop is not fit for another fault after it. */
  readonly endsShop?: boolean
  /** Nothing heals: what is promised is a refusal, and that is all `strike` looks for. */
  readonly isRefused?: boolean
  /**
   * Resolves when the cause is over; what is still away or asleep is healed by the caller.
   * @throws where something that the fault must lead to did not come
   */
  strike(shop: Shop, at: Strike): Promise<void>
}

export interface Strike {
  /** Of the seed of this run. */
  readonly random: () => number
  progress(line: string): void
}

const STEP_WITHIN_MS = 120_000
const LOOK_MS = 10

/** @returns a whole number, 0 to limit − 1 */
export const below = (limit: number, { random }: Strike): number => Math.floor(random() * limit)

export const anyOf = <T>(from: readonly T[], strike: Strike): T => from[below(from.length, strike)] as T

/**
 * Looks at the Kafka protocol of one process.
 * @param strikeAt - acts on the frame that passes, and says what becomes of it; undefined lets it pass, and is asked again
 * @returns when it has struck once. @throws where nothing like it passes
 */
export async function once(
  what: string,
  shop: Shop,
  process: FreshetProcess,
  strikeAt: (passing: Passing) => Verdict | undefined,
): Promise<void> {
  const { kafka } = shop.world
  const clientId = shop.clientId(process.name)
  let hasStruck = false
  kafka.tap = kafkaTap(passing => {
    if (passing.clientId !== clientId) return 'pass'
    const verdict = strikeAt(passing)
    if (verdict === undefined) return 'pass'
    kafka.tap = undefined
    hasStruck = true
    return verdict
  })
  try {
    const look = () => {
      if (!hasStruck && process.hasDied)
        throw new Error(`${process.name} ended by itself before ${what}:\n${process.tail()}`)
      return hasStruck
    }
    await until(`${what} of ${process.name}`, look, STEP_WITHIN_MS, LOOK_MS)
  } finally {
    kafka.tap = undefined
  }
}

/** kill −9 of a process when the nth frame like this passes, which goes no further. Resolves when it is dead. */
export async function killAt(
  what: string,
  shop: Shop,
  process: FreshetProcess,
  nth: number,
  isIt: (passing: Passing) => boolean,
): Promise<void> {
  let left = nth
  await once(what, shop, process, passing => {
    if (!isIt(passing) || --left > 0) return undefined
    process.signal('SIGKILL')
    return 'drop'
  })
  await process.ended
}

/** The process starts again, as a supervisor has it. */
export function startAgain(process: FreshetProcess): void {
  if (!process.isRunning) process.start()
}
