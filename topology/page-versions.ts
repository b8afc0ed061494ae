/**
 * Pages of state and the schemas they are written with. A page that is not of the first schema of its part carries its version in
 * the header `v` of its changelog record, decimal text. An older page is brought up version by version, by an upcaster or by Avro's
 * resolution; it stays as it is in the changelog until its key is written again.
 */
import type { Parts } from '../processors/define.ts'
import { FreshetError } from '../schemas/errors.ts'
import type { RecordSchema } from '../schemas/record.ts'
import type { LogRecord, OutRecord } from './log-port.ts'

const VERSION_HEADER = 'v'
type Part = Parts[string]

export interface PageFormat {
  /** Of a changelog record with a page that is written now; undefined for the first version. */
  readonly headers: OutRecord['headers']
  encode(page: unknown): Buffer
  /** @throws FreshetError STATE_MISMATCH where this program does not read that version, or the bytes are of another schema */
  decode(bytes: Buffer, version: number): unknown
}

/** @returns 1 where the record does not say */
export function pageVersion(headers: LogRecord['headers'] | undefined): number {
  const text = headers?.[VERSION_HEADER]?.toString()
  return text === undefined ? 1 : Number(text)
}

/** @throws FreshetError INVALID_CONFIG where the versions are not sound, see {@link versionProblems} */
export function pageFormat(part: Part): PageFormat {
  const [problem] = versionProblems(part)
  if (problem !== undefined) throw new FreshetError('INVALID_CONFIG', `${part.schema.name}: ${problem}`)
  const { schema, versions } = part
  const now = versions?.now ?? 1
  const steps = new Map(
    Object.keys(versions?.older ?? {}).map(version => [Number(version), stepOf(part, Number(version))]),
  )
  const read = (bytes: Buffer, version: number): unknown => {
    let page = bytes
    for (let at = version; at < now; at++) page = (steps.get(at) as (page: Buffer) => Buffer)(page)
    return schema.decode(page)
  }
  return {
    headers: now === 1 ? undefined : { [VERSION_HEADER]: Buffer.from(String(now)) },
    encode: page => schema.encode(page),
    decode(bytes, version) {
      if (version !== now && !steps.has(version)) throw unreadable(schema, version, now, [...steps.keys()])
      try {
        return read(bytes, version)
      } catch (cause) {
        const message = `a page of ${schema.name} in the changelog was written under another schema; rebuild the state: see docs/operations.md`
        throw new FreshetError('STATE_MISMATCH', message, { cause })
      }
    },
  }
}

function unreadable(
  schema: RecordSchema<unknown>,
  version: number,
  now: number,
  older: readonly number[],
): FreshetError {
  const oldest = Math.min(now, ...older)
  const reads = oldest === now ? `version ${now}` : `versions ${oldest} to ${now}`
  const remedy =
    version > now
      ? 'a newer program wrote it: run that one, or rebuild the state'
      : 'run a program in between that reads both, or rebuild the state'
  const message = `a page of ${schema.name} in the changelog has version ${version}, this program reads ${reads}; ${remedy}: see docs/operations.md`
  return new FreshetError('STATE_MISMATCH', message)
}

/** Bytes of one version to bytes of the next. */
function stepOf({ schema, versions }: Part, version: number): (page: Buffer) => Buffer {
  const old = versions?.older[version]
  if (!old) throw new Error(`${schema.name}: no version ${version}`)
  const next: RecordSchema<unknown> = versions?.older[version + 1]?.schema ?? schema
  const { upcast } = old
  if (upcast) return page => next.encode(upcast(old.schema.decode(page)))
  const resolver = next.type.createResolver(old.schema.type)
  return page => next.encode(next.type.fromBuffer(page, resolver))
}

/** @returns what is wrong with the versions of a part, in sentences */
export function versionProblems(part: Part): string[] {
  const { versions } = part
  if (!versions) return []
  const { now, older } = versions
  if (!Number.isSafeInteger(now) || now < 2) return [`versions.now: wanted a whole number from 2 on, got ${now}`]
  const known = Object.keys(older).map(Number)
  const oldest = Math.min(now, ...known)
  const problems: string[] = []
  for (let version = oldest; version < now; version++)
    if (!older[version]) problems.push(`wanted every version from ${oldest} to ${now - 1}, got none for ${version}`)
  for (const version of known)
    if (version < 1 || version >= now) problems.push(`wanted versions from 1 to ${now - 1}, got ${version}`)
  if (problems.length > 0) return problems
  return known.flatMap(version => {
    try {
      stepOf(part, version)
      return []
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      return [`version ${version} cannot be read as version ${version + 1} without an upcaster: ${why}`]
    }
  })
}
