/**
 * Runs one source record through the processors of a stage: state to {@link TaskState}, outputs to an {@link Outbox}. A
 * record that is refused, or whose processor throws, leaves no trace but its entry in `rejected.v1`.
 */
import type { Origin, Rejection, Step } from '../processors/define.ts'
import type { Signal } from '../schemas/signals.ts'
import type { AnyTopic, Stage } from './graph.ts'
import type { TaskState } from './state.ts'

type AnyStep = Step<Record<string, unknown>, unknown, Record<string, AnyTopic>, string>

/** What one source record does besides its state. */
export interface Effects {
  readonly published: { topic: AnyTopic; key: string; value: unknown }[]
  readonly signals: { atMs: number; deltas: readonly Signal[] }[]
  /** Keys whose coalesced tables may say something new. */
  readonly touched: { processor: number; key: string }[]
  readonly counts: { processor: string; counter: string; by: number }[]
  rejected?: Rejection
}

export class StageFold {
  readonly #stage: Stage
  readonly #state: TaskState
  /** For each processor the numbers of those that take its emissions; the last row is for the stage's own events. */
  readonly #next: readonly (readonly number[])[]
  readonly #partition: number
  readonly #partitions: number

  constructor(stage: Stage, state: TaskState, partition: number, partitions: number) {
    this.#stage = stage
    this.#state = state
    this.#partition = partition
    this.#partitions = partitions
    const takersOf = (name: string) => stage.processors.flatMap((one, index) => (one.input === name ? [index] : []))
    this.#next = [...stage.processors.map(one => takersOf(one.name)), takersOf('stage')]
  }

  /**
   * @param events - what the source record holds; all of them count or none
   * @throws what a processor threw, with the state as it was before the record
   */
  record(events: Iterable<unknown>, origin: Origin): Effects {
    const effects: Effects = { published: [], signals: [], touched: [], counts: [] }
    this.#state.beginRecord()
    try {
      for (const event of events) {
        const rejected = this.#deliver(this.#next.length - 1, event, origin, effects)
        if (!rejected) continue
        this.#state.rollbackRecord()
        return { published: [], signals: [], touched: [], counts: effects.counts, rejected }
      }
    } catch (error) {
      this.#state.rollbackRecord()
      throw error
    }
    return effects
  }

  /** Takes the last record back, whose effects could not be written. */
  undo(): void {
    this.#state.rollbackRecord()
  }

  #deliver(from: number, event: unknown, origin: Origin, effects: Effects): Rejection | undefined {
    for (const index of this.#next[from] as readonly number[]) {
      const rejected = this.#step(index, event, origin, effects)
      if (rejected) return rejected
    }
    return undefined
  }

  #step(index: number, event: unknown, origin: Origin, effects: Effects): Rejection | undefined {
    const processor = this.#stage.processors[index]
    if (!processor) throw new Error(`the stage has no processor ${index}`)
    if (processor.wants?.(event) === false) return undefined
    const key = processor.key(event)
    const step: AnyStep = processor.step(this.#state.get(index, key), event, {
      origin,
      partition: this.#partition,
      partitions: this.#partitions,
      storeSize: this.#state.size(index),
    })
    const { count, publish, emit } = step
    for (const counter in count) {
      const by = count[counter]
      if (by) effects.counts.push({ processor: processor.name, counter, by })
    }
    if (step.reject) return step.reject
    if (step.state) {
      this.#state.set(index, key, step.state)
      if (processor.tables) effects.touched.push({ processor: index, key })
    }
    for (const output in publish) {
      const topic = processor.outputs?.[output] as AnyTopic
      for (const { key: recordKey, value } of publish[output] ?? [])
        effects.published.push({ topic, key: recordKey, value })
    }
    if (step.signals && step.signals.deltas.length > 0) effects.signals.push(step.signals)
    if (!emit) return undefined
    for (const emitted of emit) {
      const rejected = this.#deliver(index, emitted, origin, effects)
      if (rejected) return rejected
    }
    return undefined
  }
}
