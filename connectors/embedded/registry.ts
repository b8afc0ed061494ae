/**
 * The registry of embedded mode: a folder.
 *
 *     <directory>/<id>.avsc                  a schema
 *     <directory>/<subject>.subject.json     its ids, oldest first; the subject percent-encoded
 *
 * A file is written beside its place, synced and renamed, schema before subject: a crash leaves the old file or the new
 * one, at worst a schema that no subject names, which the next registration takes up again. The folder belongs to one
 * process, the one that holds the data directory.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Registry } from '../../schemas/wire.ts'
import { orDiskFull } from './disk-full.ts'
import { MemoryRegistry, type SchemaStore } from './memory-registry.ts'

const SCHEMA = /^([1-9]\d*)\.avsc$/
const SUBJECT = /^(.+)\.subject\.json$/
const UNFINISHED = '.part'

export class FolderRegistry implements Registry {
  readonly #registry: Registry

  private constructor(store: SchemaStore) {
    this.#registry = new MemoryRegistry(store)
  }

  /**
   * @param directory - created where it is missing
   * @param isReader - changes nothing in a folder that another process may hold
   */
  static async open(directory: string, isReader = false): Promise<FolderRegistry> {
    if (!isReader) mkdirSync(directory, { recursive: true })
    const schemas = new Map<number, string>()
    const subjects = new Map<string, readonly number[]>()
    for (const file of existsSync(directory) ? readdirSync(directory) : []) {
      const path = join(directory, file)
      const id = SCHEMA.exec(file)?.[1]
      const subject = SUBJECT.exec(file)?.[1]
      if (file.endsWith(UNFINISHED)) {
        if (!isReader) rmSync(path)
      } else if (id !== undefined) schemas.set(Number(id), readFileSync(path, 'utf8'))
      else if (subject !== undefined) subjects.set(decodeURIComponent(subject), idsOf(path))
    }
    return new FolderRegistry({
      schemas,
      subjects,
      addSchema: (id, source) => {
        writeWhole(directory, `${id}.avsc`, source)
        schemas.set(id, source)
      },
      setSubject: (subject, ids) => {
        writeWhole(directory, `${encodeURIComponent(subject)}.subject.json`, JSON.stringify(ids))
        subjects.set(subject, ids)
      },
    })
  }

  register(subject: string, source: string): Promise<number> {
    return this.#registry.register(subject, source)
  }

  fetch(id: number): Promise<string | undefined> {
    return this.#registry.fetch(id)
  }
}

function idsOf(path: string): number[] {
  const ids: unknown = JSON.parse(readFileSync(path, 'utf8'))
  if (!Array.isArray(ids) || !ids.every(id => Number.isSafeInteger(id)))
    throw new Error(`${path}: wanted a list of ids`)
  return ids as number[]
}

/** @throws FreshetError DISK_FULL */
function writeWhole(directory: string, name: string, text: string): void {
  try {
    writeFile(directory, name, text)
  } catch (error) {
    throw orDiskFull(error, directory)
  }
}

function writeFile(directory: string, name: string, text: string): void {
  const unfinished = join(directory, `${name}${UNFINISHED}`)
  const file = openSync(unfinished, 'w')
  writeSync(file, text)
  fsyncSync(file)
  closeSync(file)
  renameSync(unfinished, join(directory, name))
  const folder = openSync(directory, 'r')
  fsyncSync(folder) // else the name itself may be lost with the power
  closeSync(folder)
}
