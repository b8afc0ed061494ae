/** A thread of the metamorphic law: runs one input in several ways, and answers with the digests of each. */
import { parentPort } from 'node:worker_threads'
import type { StoreDigest } from '../../topology/digest.ts'
import { type Plan, planOf } from './plan.ts'
import { substitutionOf } from './planted/all.ts'
import { Simulator } from './simulator.ts'
import { inputOf } from './workload.ts'
import type { Breach } from './world.ts'

export interface Way {
  readonly partitions: number
  /** What goes wrong, and when what is published; undefined for nothing at all. */
  readonly seed: number | undefined
}
export interface Asked {
  /** Of the workload. */
  readonly input: number
  readonly ways: readonly Way[]
  /** The name of a planted fault, see `planted/all.ts`. */
  readonly planted?: string
}
export interface Answered {
  readonly way: Way
  readonly digests: readonly StoreDigest[]
  readonly breach: Breach | undefined
  readonly faults: number
}

const QUIET: Partial<Plan> = {
  actions: [],
  creep: 0,
  isStorm: false,
  maxBatchRecords: 500,
  processes: 1,
  ending: 'healed',
}

const port = parentPort
if (!port) throw new Error('wanted to be started by a test')

async function answer({ input, ways, planted }: Asked): Promise<Answered[]> {
  const simulator = new Simulator(planted === undefined ? {} : substitutionOf(planted))
  const answers: Answered[] = []
  for (const way of ways) {
    const { seed, partitions } = way
    const { spanMs, ending } = planOf(seed ?? input)
    const plan: Partial<Plan> = {
      sent: inputOf(input, partitions, spanMs),
      partitions,
      ending: ending === 'data-lost' ? 'healed' : ending,
      ...(seed === undefined && QUIET),
    }
    const part = seed === undefined ? { faults: new Set<string>(), hasDelays: false, plan } : { plan }
    const { digests, breach, faults, actions } = await simulator.run(seed ?? input, part)
    answers.push({ way, digests, breach, faults: faults.length + actions.length })
  }
  return answers
}

port.on('message', (asked: Asked) => void answer(asked).then(answers => port.postMessage(answers)))
