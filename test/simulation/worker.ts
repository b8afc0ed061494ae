/** A thread of a campaign: runs the seeds it is given, and makes those that fail small. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parentPort, workerData } from 'node:worker_threads'
import { failureReport } from './failure-report.ts'
import { substitutionOf } from './planted/all.ts'
import { shrink } from './shrink.ts'
import { Simulator } from './simulator.ts'
import type { Invariant } from './invariants.ts'

export interface Order {
  readonly seeds: readonly number[]
  /** Stop at the first failure, and leave it as it is. */
  readonly isSearch: boolean
}
export interface Told {
  readonly seeds: readonly number[]
  readonly virtualMs: number
  readonly commits: number
  /** Fault or action → how often. */
  readonly coverage: Readonly<Record<string, number>>
  readonly failures: readonly { readonly seed: number; readonly invariant: Invariant; readonly report: string }[]
  /** Seed → the trace of its run, the same for two runs that were the same. */
  readonly traces: Readonly<Record<number, number>>
  /** What the thread holds once garbage is collected, bytes. */
  readonly heapBytes: number
}

const port = parentPort
if (!port) throw new Error('wanted to be started by a campaign')
const { planted } = workerData as { planted: string | undefined }
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
const simulator = new Simulator(planted === undefined ? {} : substitutionOf(planted))

async function obey({ seeds, isSearch }: Order): Promise<Told> {
  const coverage: Record<string, number> = {}
  const traces: Record<number, number> = {}
  const failures: { seed: number; invariant: Invariant; report: string }[] = []
  let [virtualMs, commits] = [0, 0]
  const done: number[] = []
  for (const seed of seeds) {
    const run = await simulator.run(seed)
    done.push(seed)
    traces[seed] = run.trace
    virtualMs += run.virtualMs
    commits += run.commits
    for (const { kind } of [...run.faults, ...run.actions]) coverage[kind] = (coverage[kind] ?? 0) + 1
    coverage[`ending ${run.plan.ending}`] = (coverage[`ending ${run.plan.ending}`] ?? 0) + 1
    if (!run.breach) continue
    const shrunk = isSearch ? { run, hasDelays: true, tries: 0 } : await shrink(run, part => simulator.run(seed, part))
    failures.push({ seed, invariant: run.breach.invariant, report: failureReport(shrunk, planted) })
    if (isSearch) break
  }
  collectGarbage()
  return { seeds: done, virtualMs, commits, coverage, failures, traces, heapBytes: process.memoryUsage().heapUsed }
}

port.on('message', (order: Order) => void obey(order).then(told => port.postMessage(told)))
