/** Runs seeds in this thread, whose clocks and randomness it takes over: one a worker. */
import { topicsOf } from '../../topology/graph.ts'
import { type Plan, planOf } from './plan.ts'
import { type Run, runPlan } from './run-plan.ts'
import { WirePool } from './registry.ts'
import { simulatedGraph } from './graph.ts'
import { VirtualTime } from './virtual-time.ts'
import type { Substitution } from './world.ts'

/** Of the first run; more are opened when one needs them. */
const WIRES = 12

/** What of a seed to run; all of it where nothing is said. */
export interface Part {
  /** Ids of the faults to let in. */
  readonly faults?: ReadonlySet<string>
  /** Default true. */
  readonly hasDelays?: boolean
  /** In place of what the seed has. */
  readonly plan?: Partial<Plan>
}

export class Simulator {
  readonly #time = new VirtualTime()
  readonly #wires = new WirePool(topicsOf(simulatedGraph()))
  readonly #substitution: Substitution
  #unhandled: unknown

  constructor(substitution: Substitution = {}) {
    this.#substitution = substitution
    this.#time.install()
    process.on('unhandledRejection', error => {
      this.#unhandled = error
    })
  }

  async run(seed: number, part: Part = {}): Promise<Run> {
    for (let wires = WIRES; ; wires *= 2) {
      await this.#wires.fill(wires)
      const run = await this.#attempt(seed, part)
      if (!this.#wires.isShort) return run
    }
  }

  async #attempt(seed: number, { faults: only, hasDelays = true, plan }: Part): Promise<Run> {
    this.#unhandled = undefined
    const run = await runPlan({
      plan: { ...planOf(seed), ...plan },
      time: this.#time,
      wires: this.#wires,
      ...(only && { only }),
      hasDelays,
      substitution: this.#substitution,
    })
    if (this.#unhandled === undefined || run.breach) return run
    const error = this.#unhandled
    const what = `a promise was rejected and nobody listened: ${error instanceof Error ? error.stack : error}`
    return { ...run, breach: { invariant: 'STOP', what } }
  }
}
