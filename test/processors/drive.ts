/**
 * Runs the processors of one stage without a log: the runtime's own fold and state over events in memory. What a task
 * would write to its changelog is kept as bytes, and `cut` goes on from those bytes alone, as a restart does.
 */
import type { AnyProcessor, Origin } from '../../processors/define.ts'
import { readEntry } from '../../topology/changelog.ts'
import type { Stage } from '../../topology/graph.ts'
import { type Effects, StageFold } from '../../topology/stage-fold.ts'
import { TaskState } from '../../topology/state.ts'

/** One event of a stage, with the place of the record that held it. */
export interface Sent {
  readonly event: unknown
  readonly origin: Origin
}

/** What one event did, with what each processor handed on under the processor's name. */
export interface Outcome extends Effects {
  readonly emitted: Readonly<Record<string, readonly unknown[]>>
}

export class Drive {
  readonly #processors: readonly AnyProcessor[]
  readonly #state: TaskState
  readonly #fold: StageFold
  readonly #changelog = new Map<string, Buffer>()
  /** Sizes of what commits wrote, key and value. */
  changelogBytes = 0
  changelogRecords = 0
  #emitted: Record<string, unknown[]> = {}

  constructor(processors: readonly AnyProcessor[]) {
    this.#processors = processors
    const stage: Stage = {
      name: 'test',
      inputs: [],
      processors: processors.map(one => this.#heard(one)),
      eventsOf: () => [],
    }
    this.#state = new TaskState(stage)
    this.#fold = new StageFold(stage, this.#state, 0, 1)
  }

  send({ event, origin }: Sent): Outcome {
    this.#emitted = {}
    const effects = this.#fold.record([event], origin)
    return { ...effects, emitted: this.#emitted }
  }

  sendAll(events: Iterable<Sent>): Outcome[] {
    return Array.from(events, one => this.send(one))
  }

  /** @returns the state of a key, or the empty one; the caller names its type */
  stateOf<S>(processor: string, key: string): S {
    return this.#state.get(this.#numberOf(processor), key) as S
  }

  /** Writes what changed since the last commit. */
  commit(): void {
    for (const { key, value } of this.#state.changes('changelog', 0)) {
      if (key === null) throw new Error('wanted a key in every changelog record')
      const name = Buffer.from(key).toString('latin1')
      this.changelogRecords += 1
      this.changelogBytes += key.length + (value?.length ?? 0)
      if (value === null) this.#changelog.delete(name)
      else this.#changelog.set(name, value)
    }
    this.#state.committed()
  }

  /** @returns the committed state, as a changelog holds it: key → value, both in latin1 */
  image(): Map<string, string> {
    this.commit()
    return new Map(
      [...this.#changelog].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [key, value.toString('latin1')]),
    )
  }

  /** @returns a drive that knows only what this one has committed */
  cut(): Drive {
    this.commit()
    const next = new Drive(this.#processors)
    for (const [name, value] of this.#changelog) {
      const entry = readEntry(Buffer.from(name, 'latin1'), value)
      if (entry.kind !== 'data') throw new Error(`wanted data in the changelog, got ${entry.kind}`)
      next.#state.restore(entry)
      next.#changelog.set(name, value)
    }
    return next
  }

  #numberOf(processor: string): number {
    const at = this.#processors.findIndex(one => one.name === processor)
    if (at < 0) throw new Error(`the drive has no processor ${processor}`)
    return at
  }

  #heard(processor: AnyProcessor): AnyProcessor {
    return {
      ...processor,
      step: (state, event, context) => {
        const step = processor.step(state, event, context)
        if (step.emit && !step.reject)
          this.#emitted[processor.name] = [...(this.#emitted[processor.name] ?? []), ...step.emit]
        return step
      },
    }
  }
}
