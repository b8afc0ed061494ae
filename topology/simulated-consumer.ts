/** One consumer of the simulated log: a member of a group, or a broadcast reader of its own. */
import { FreshetError } from '../schemas/errors.ts'
import type { ConsumerOptions, LogConsumer, TopicPartition } from './log-port.ts'
import { LogPump, type PumpRead, type PumpSource } from './log-pump.ts'
import type { SimulatedClient } from './simulated-client.ts'
import type { SimulatedCore } from './simulated-core.ts'
import type { Member, SimulatedGroup } from './simulated-group.ts'

/** How far a fetch with the verdict 'duplicate' goes back, in offsets. */
const DUPLICATES = 5

export class SimulatedConsumer implements LogConsumer, Member, PumpSource {
  readonly topics: readonly string[]
  readonly assignment: 'copartition' | 'single'
  readonly #core: SimulatedCore
  readonly #client: SimulatedClient
  readonly #options: ConsumerOptions
  readonly #pump: LogPump
  readonly #group: SimulatedGroup | undefined
  readonly #onEnd: () => void
  #generation = 0
  /** When the group dropped it; unknown to it before its next heartbeat. */
  #expelledMs: number | undefined
  #assigning = 0
  #isEnded = false

  constructor(core: SimulatedCore, client: SimulatedClient, options: ConsumerOptions, onEnd: () => void) {
    this.topics = options.topics
    this.assignment = options.assignment
    this.#core = core
    this.#client = client
    this.#options = options
    this.#pump = new LogPump(options, this)
    this.#group = options.group === null ? undefined : core.group(options.group)
    this.#onEnd = onEnd
  }

  get isQuiet(): boolean {
    return this.#pump.isQuiet
  }

  get silentSinceMs(): number | undefined {
    return this.#client.silentSinceMs
  }

  get isDead(): boolean {
    return this.#client.isCrashed
  }

  get isAtRest(): boolean {
    return this.#assigning === 0 && (this.#isEnded || this.isDead || this.#pump.isAtRest)
  }

  /** A turn later, so that `consume` has resolved before the first `onAssign`. */
  start(): void {
    this.#core.consumers.add(this)
    this.#assigning++
    setImmediate(() => {
      this.#assigning--
      if (this.#isEnded || this.isDead) return this.#core.changed()
      if (this.#group) this.#group.join(this)
      else this.assign(this.#everyPartition(), 0)
      this.#core.changed()
    })
  }

  // ------------------------------------------------------------------------------------------- as a member of a group

  hold(): void {
    this.#pump.hold()
  }

  assign(partitions: readonly TopicPartition[], generation: number): void {
    this.#generation = generation
    this.#assigning++
    void this.#join(partitions, generation)
      .catch(error => this.onThrow(error instanceof Error ? error : new Error(String(error))))
      .finally(() => {
        this.#assigning--
        this.#core.changed()
      })
  }

  async #join(partitions: readonly TopicPartition[], generation: number): Promise<void> {
    const verdict = await this.#client.step('group:join')
    if (generation !== this.#generation || this.#isEnded) return
    if (this.#group && (!this.#group.has(this) || this.#group.generation !== generation)) return
    const given = verdict === 'take-all' ? this.#everyPartition() : partitions
    this.#pump.assign(
      given.map(at => ({ ...at, begin: this.#core.partition(at).range.begin })),
      this,
    )
  }

  #everyPartition(): TopicPartition[] {
    return this.topics.flatMap(topic => this.#core.topic(topic).map((_, partition) => ({ topic, partition })))
  }

  /** The group drops it and does not say so. */
  expel(): void {
    if (!this.#group?.has(this)) return
    this.#group.leave(this)
    this.#expelledMs ??= this.#core.now()
  }

  /** A member that hears it was dropped joins again. @param everyMs - time between two heartbeats */
  beat(everyMs: number): void {
    if (!this.#group || this.#isEnded || this.silentSinceMs !== undefined || this.#assigning > 0) return
    const nowMs = this.#core.now()
    if (this.#group.has(this)) this.#expelledMs = undefined
    else if (this.#expelledMs === undefined) this.#expelledMs = nowMs
    else if (nowMs - this.#expelledMs >= everyMs) this.#group.join(this)
  }

  /** The process is gone. */
  die(): void {
    this.#pump.kill()
    this.#core.consumers.delete(this)
  }

  // ----------------------------------------------------------------------------------------------- as the pump's source

  async read(at: TopicPartition, offset: number): Promise<PumpRead | undefined> {
    const verdict = await this.#client.step('consume:fetch')
    if (this.#isEnded) return undefined
    if (verdict === 'expel') this.expel()
    const partition = this.#core.partition(at)
    try {
      const read = partition.read(offset, this.#core.maxBatchRecords)
      if (!read || verdict !== 'duplicate') return read
      const from = Math.max(partition.range.begin, offset - DUPLICATES)
      return { ...read, records: [...(partition.read(from, offset - from)?.records ?? []), ...read.records] }
    } catch (error) {
      const message = `${at.topic}[${at.partition}]: the log no longer holds what was asked for; the consumer stops`
      throw new FreshetError('DATA_LOST', message, { cause: error })
    }
  }

  async heartbeat(): Promise<void> {
    await this.#client.step('consume:heartbeat')
  }

  async breathe(): Promise<void> {}

  onRest(): void {
    this.#group?.advance()
    this.#core.changed()
  }

  onThrow(error: Error): void {
    if (this.isDead || this.#isEnded) return
    this.#end()
    this.#options.onCrash(error)
  }

  // ------------------------------------------------------------------------------------------------- as a LogConsumer

  wake(at: string): void {
    this.#pump.wake(at)
  }

  seek(at: TopicPartition, offset: number): void {
    this.#pump.seek(at, offset)
  }

  pause(at: TopicPartition): void {
    this.#pump.pause(at)
  }

  resume(at: TopicPartition): void {
    this.#pump.resume(at)
  }

  commitOffsets(offsets: readonly (TopicPartition & { offset: number })[]): Promise<void> {
    const { committed } = this.#joined()
    const commit = () => {
      for (const { topic, partition, offset } of offsets) committed.set(`${topic}/${partition}`, offset)
    }
    return this.#core.during(() => this.#client.call('group:commit', commit))
  }

  committed(at: readonly TopicPartition[]): Promise<readonly (number | undefined)[]> {
    const { committed } = this.#joined()
    const read = () => at.map(({ topic, partition }) => committed.get(`${topic}/${partition}`))
    return this.#core.during(() => this.#client.call('group:committed', read))
  }

  async stop(): Promise<void> {
    if (this.isDead) return
    await this.#pump.stop()
    this.#end()
  }

  #joined(): SimulatedGroup {
    if (this.#group) return this.#group
    throw new Error('a broadcast reader has no group to commit positions in')
  }

  #end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#pump.kill()
    this.#core.consumers.delete(this)
    this.#onEnd()
    this.#group?.leave(this)
    this.#core.changed()
  }
}
