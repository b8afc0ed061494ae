/** Many seeds over all cores, with what they covered and what failed. */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { ACTION_KINDS } from './plan.ts'
import { FAULT_KINDS, nameOfKind } from './faults.ts'
import type { Order, Told } from './worker.ts'

const ENDINGS = ['ending healed', 'ending born-again', 'ending data-lost']
/** Every fault, action and ending there is. */
export const COVERED: readonly string[] = [...FAULT_KINDS.map(nameOfKind), ...ACTION_KINDS, ...ENDINGS]
/** Seeds given to a thread at once. */
const CHUNK = 10

export interface CampaignOptions {
  readonly firstSeed: number
  readonly seeds: number
  /** The name of a planted fault, see `planted/all.ts`. */
  readonly planted?: string
  /** Threads; default one a core. */
  readonly workers?: number
  /** Ends at the first failure, which is not made small. Default false. */
  readonly isSearch?: boolean
  /** Ends once what is under way is done. */
  readonly signal?: AbortSignal
  readonly onProgress?: (tally: Tally) => void
}

export interface Tally {
  runs: number
  virtualMs: number
  commits: number
  readonly coverage: Map<string, number>
  readonly failures: Told['failures'][number][]
  /** By seed, see {@link Told}. */
  readonly traces: Map<number, number>
  /** By thread, after each chunk, bytes. */
  readonly heaps: number[][]
}

export async function campaign(options: CampaignOptions): Promise<Tally> {
  const { firstSeed, seeds, planted, isSearch = false, signal, onProgress } = options
  const coverage = new Map(COVERED.map(kind => [kind, 0]))
  const tally: Tally = { runs: 0, virtualMs: 0, commits: 0, coverage, failures: [], traces: new Map(), heaps: [] }
  let next = firstSeed
  const order = (): Order | undefined => {
    if (signal?.aborted || (isSearch && tally.failures.length > 0)) return undefined
    const count = Math.min(CHUNK, firstSeed + seeds - next)
    if (count <= 0) return undefined
    next += count
    return { seeds: Array.from({ length: count }, (_, n) => next - count + n), isSearch }
  }
  const thread = async (number: number): Promise<void> => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: { planted } })
    const heaps: number[] = []
    tally.heaps[number] = heaps
    try {
      for (let one = order(); one; one = order()) {
        const told = await ask(worker, one)
        heaps.push(told.heapBytes)
        add(tally, told)
        onProgress?.(tally)
      }
    } finally {
      await worker.terminate()
    }
  }
  const workers = Math.min(options.workers ?? availableParallelism(), Math.ceil(seeds / CHUNK))
  await Promise.all(Array.from({ length: workers }, (_, number) => thread(number)))
  tally.failures.sort((a, b) => a.seed - b.seed)
  return tally
}

function ask(worker: Worker, order: Order): Promise<Told> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      worker.off('message', onMessage).off('error', onError)
    }
    const onMessage = (told: Told) => {
      settle()
      resolve(told)
    }
    const onError = (error: unknown) => {
      settle()
      reject(new Error(`a thread ended among the seeds ${order.seeds.join(', ')}`, { cause: error }))
    }
    worker.on('message', onMessage).on('error', onError)
    worker.postMessage(order)
  })
}

function add(tally: Tally, told: Told): void {
  tally.runs += told.seeds.length
  tally.virtualMs += told.virtualMs
  tally.commits += told.commits
  tally.failures.push(...told.failures)
  for (const [seed, trace] of Object.entries(told.traces)) tally.traces.set(Number(seed), trace)
  for (const [kind, count] of Object.entries(told.coverage))
    tally.coverage.set(kind, (tally.coverage.get(kind) ?? 0) + count)
}
