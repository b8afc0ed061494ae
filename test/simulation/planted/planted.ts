/** What a planted fault is: a defect put into the runtime from outside, to see that the campaign catches it. */
import type { Invariant } from '../invariants.ts'
import type { Substitution } from '../world.ts'

export interface Planted {
  /** The defect in a sentence. */
  readonly what: string
  /** Caught within so many seeds from 1. */
  readonly within: number
  /** One that catches it, as things stand: tried first. */
  readonly seed: number
  /** By one of these. */
  readonly breaks: readonly Invariant[]
  /** Called once in a thread that runs nothing else: it may also replace a method of a class. */
  substitute(): Substitution
}
