/**
 * The candidate sources. A source's place in this table is its number, which `lists.v1` names as `source`, and its bit is
 * 1 << number, of which `sources` is made: append, never reorder.
 */
import { content } from './sources/content.ts'
import { coOccurrence } from './sources/co-occurrence.ts'
import { popular } from './sources/popular.ts'
import { sequence } from './sources/sequence.ts'
import { taste } from './sources/taste.ts'
import { trending } from './sources/trending.ts'
import type { Source } from './source.ts'

export const sources = [coOccurrence, sequence, taste, content, trending, popular] as const satisfies readonly Source[]

/** @param source - number, as `lists.v1` has it. @returns its name, 'unknown' for a number of a newer release */
export const sourceName = (source: number): string => (sources as readonly Source[])[source]?.name ?? 'unknown'

/** @returns bit of the source with this number */
export const sourceBit = (source: number): number => 1 << source
