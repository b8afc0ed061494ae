/**
 * What a processor is. D and C processors are pure functions of (state, event): they read no clock, no random number and
 * no table; all they keep, hand on and publish is returned, and the runtime does the writing. V processors keep indexes of
 * their own, may read the injected clock, and are rebuilt from their inputs at every start.
 */
import type { RecordSchema } from '../schemas/record.ts'
import type { Topic } from '../schemas/topics.ts'
import type { ErrorCode } from '../schemas/errors.ts'

/** One value a key. */
export interface Single<T> {
  readonly kind: 'single'
  readonly schema: RecordSchema<T>
  readonly versions?: Versions
}
/** An array of pages a key; a step that replaces one page rewrites that page only. Pages are compared by identity. */
export interface Paged<T> {
  readonly kind: 'paged'
  readonly schema: RecordSchema<T>
  readonly versions?: Versions
}
export const single = <T>(schema: RecordSchema<T>, versions?: Versions): Single<T> => ({
  kind: 'single',
  schema,
  ...(versions && { versions }),
})
export const paged = <T>(schema: RecordSchema<T>, versions?: Versions): Paged<T> => ({
  kind: 'paged',
  schema,
  ...(versions && { versions }),
})

/**
 * Of a part whose schema has changed: how pages are read that older programs wrote. A page stays in the version it was
 * written in until its key is written again, so older versions must be read for as long as the state lives. One that is
 * left out here is refused. A part that never changed is version 1 and has none of this.
 */
export interface Versions {
  /** Of the schema of the part, from 2 on; what is written now. */
  readonly now: number
  /** Version → how it is read: every one from the oldest that is still read to the one before `now`. */
  readonly older: Readonly<Record<number, OlderVersion>>
}
export interface OlderVersion {
  /** The `.avsc` of then, byte for byte, say `avro/older/session.1.avsc`. */
  // biome-ignore lint/suspicious/noExplicitAny: values of a schema that has no type any more
  readonly schema: RecordSchema<any>
  /** Makes a value of the next version. Left out where Avro resolves it: fields added with a default, or dropped. */
  // biome-ignore lint/suspicious/noExplicitAny: values of a schema that has no type any more
  readonly upcast?: (value: any) => unknown
}

// biome-ignore lint/suspicious/noExplicitAny: a store of unknown parts; every use narrows it through StateOf
export type Parts = Record<string, Single<any> | Paged<any>>
/** The state of one key: a `single` part may be undefined, a `paged` part may be empty. Never mutate it. */
export type StateOf<P extends Parts> = {
  readonly [K in keyof P]: P[K] extends Single<infer T>
    ? T | undefined
    : P[K] extends Paged<infer T>
      ? readonly T[]
      : never
}

export interface Store<P extends Parts> {
  readonly name: string
  readonly parts: P
  /** What bounds the state of one key, in a sentence with numbers. */
  readonly bound: string
  /** False keeps the store out of the digest, with the reason in the processor's comment. Default true. */
  readonly inDigest?: boolean
  /** An order-free form for the digest of a C store; plain data that JSON can write. Default: the Avro bytes. */
  readonly canonical?: (state: StateOf<P>) => unknown
  /** True for a row that ever overflowed: its id enters the digest, its value does not. */
  readonly overflowed?: (state: StateOf<P>) => boolean
}

/** Where an event comes from. Everything up to `offset` of `partition` is known once it has been processed. */
export interface Origin {
  readonly partition: number
  readonly offset: number
  /** Append time of the source record, ms since the epoch. Never enters D or C state. */
  readonly appendedAtMs: number
}

export interface StepContext {
  readonly origin: Origin
  readonly partition: number
  readonly partitions: number
  /** How many keys this processor's store holds: a first touch may take it as its number. Keys are never forgotten by such a store. */
  readonly storeSize: number
}

/** Set the source record aside under a code; nothing else of the step counts. */
export interface Rejection {
  readonly code: ErrorCode
  readonly message: string
}

// biome-ignore lint/suspicious/noExplicitAny: topics of any record
export type Outputs = Record<string, Topic<any>>
export type Published<O extends Outputs> = {
  readonly [K in keyof O]?: readonly { key: string; value: O[K] extends Topic<infer T> ? T : never }[]
}

export interface Step<S, E, O extends Outputs, C extends string> {
  /** The whole next state; omit it to leave the state as it is. Untouched pages must keep their identity. */
  readonly state?: S
  /** Handed to the processors whose input this one is, in order. */
  readonly emit?: readonly E[]
  /** Written in the same transaction. Tables keep the last value a key and commit. */
  readonly publish?: Published<O>
  /** Deltas for the item stage; the runtime frames them by target partition. */
  readonly signals?: { readonly atMs: number; readonly deltas: readonly import('../schemas/signals.ts').Signal[] }
  readonly count?: Partial<Record<C, number>>
  readonly reject?: Rejection
}

/** A table made from the state of a key, published at most once per key and `coalesceMs`; nothing is lost by a crash. */
export interface StateTable<S, T> {
  readonly topic: Topic<T>
  readonly coalesceMs: number
  /** @returns records to publish for the key; [] where there is nothing to say */
  records(key: string, state: S, at: Origin): readonly { key: string; value: T | null }[]
}

export interface ProcessorDefinition<In, P extends Parts, E, O extends Outputs, C extends string> {
  readonly name: string
  /** Bumped when the processor's golden digest moves: a start on older state is refused. */
  readonly version: number
  readonly class: 'D' | 'C'
  /** The processor before it in the stage, by name; 'stage' for the stage's own events. */
  readonly input: string
  readonly store?: Store<P>
  readonly outputs?: O
  // biome-ignore lint/suspicious/noExplicitAny: tables of any record
  readonly tables?: readonly StateTable<StateOf<P>, any>[]
  /** Counter name → what it counts, in words. */
  readonly counters: Record<C, string>
  /** Options that change the fold; they enter the hash that guards the state. */
  readonly options?: Readonly<Record<string, unknown>>
  /** @returns false for an event that the step would do nothing for: the state is not even looked up. Default true */
  wants?(event: In): boolean
  key(event: In): string
  step(state: StateOf<P>, event: In, context: StepContext): Step<StateOf<P>, E, O, C>
}

// biome-ignore lint/suspicious/noExplicitAny: a processor of any types, as the runtime sees it
export type AnyProcessor = ProcessorDefinition<any, any, any, any, any>

export const defineProcessor = <
  In,
  P extends Parts,
  E = never,
  O extends Outputs = Record<never, never>,
  C extends string = never,
>(
  definition: ProcessorDefinition<In, P, E, O, C>,
): ProcessorDefinition<In, P, E, O, C> => definition

// ---------------------------------------------------------------------------------------------------------------- V

/** A decoded record of a V stage's input or broadcast. `value` is null for a tombstone. */
export interface TableRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly key: string
  readonly value: unknown
}

/** A table that every process holds whole, as an index made for its readers. */
export interface BroadcastIndex {
  /** Called for every record of the topic in order, at start from its beginning. */
  apply(record: TableRecord): void
}

/** One partition of a V stage. It says which keys a record makes stale; the runtime decides when to build them. */
export interface ViewInstance {
  /** @returns keys whose output is stale now */
  apply(record: TableRecord): Iterable<string>
  /** A broadcast index has taken in `record`. @returns keys to rebuild at once, say holders of an item taken down */
  onBroadcast?(record: TableRecord): Iterable<string>
  /** @returns the records of the key's output; null value deletes; [] leaves what stands */
  build(key: string, nowMs: number): readonly { key: string; value: unknown }[]
  /** Called when nothing is dirty. @returns a key worth rebuilding because of its age, or undefined */
  sweep?(nowMs: number): string | undefined
}

export interface ViewDefinition {
  readonly name: string
  readonly version: number
  readonly class: 'V'
  /** Read from their beginning at every start; partition p of all of them makes one task. The first one's positions are committed. */
  // biome-ignore lint/suspicious/noExplicitAny: topics of any record
  readonly inputs: readonly Topic<any>[]
  /** 'single': one task takes all partitions. Default 'partition'. */
  readonly task?: 'partition' | 'single'
  /** Loaded whole before the first record of an input is looked at; by topic name. */
  // biome-ignore lint/suspicious/noExplicitAny: topics of any record
  readonly broadcasts: readonly Topic<any>[]
  // biome-ignore lint/suspicious/noExplicitAny: topics of any record
  readonly output: Topic<any>
  /** Makes the index of each broadcast, by topic name; one instance a process and view. */
  readonly indexes?: Readonly<Record<string, () => BroadcastIndex>>
  /** A key is built at most once in this time, unless nothing else is waiting. */
  readonly intervalMs: number
  /** True where a key rests its interval even when nothing else waits: its output is large and nobody waits for it. */
  readonly mustRest?: boolean
  readonly counters: Record<string, string>
  create(context: ViewContext): ViewInstance
}

export interface ViewContext {
  readonly partition: number
  readonly partitions: number
  /** The process-wide index of a broadcast, by topic name; throws for one that was not declared. */
  index<T extends BroadcastIndex>(topic: { readonly name: string }): T
  count(counter: string, by?: number): void
}
