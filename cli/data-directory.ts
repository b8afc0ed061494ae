/** Where the files of a data set are: what `--data` says, or the bundled directory. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DataSet } from '../connectors/data-set.ts'
import { UsageError } from './command.ts'

/** @throws UsageError naming the files that are missing */
export function directoryOf(set: DataSet, given: string | undefined): string {
  const directory = given ?? fileURLToPath(new URL(`../data/${set.name}`, import.meta.url))
  const missing = set.files.filter(file => !existsSync(join(directory, file)))
  if (missing.length === 0 || (given !== undefined && set.isComplete?.(directory))) return directory
  throw new UsageError(
    given === undefined
      ? `${set.name} does not ship with Freshet: wanted --data DIR with ${set.files.join(', ')}`
      : `${directory}: no ${missing.join(', ')}`,
  )
}
