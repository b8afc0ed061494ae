/** The Java side, compiled by Maven into the cache: once for each version of its sources. */
import { createHash } from 'node:crypto'
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cached } from '../connectors/services/cache.ts'
import { ensurePrograms } from '../connectors/services/programs.ts'
import { type Say, runWithSay } from '../connectors/services/run-with-say.ts'

const PROJECT = fileURLToPath(new URL('kstreams/', import.meta.url))

/** @returns the class path */
export async function kstreamsClasses(say: Say): Promise<string> {
  await ensurePrograms(['java'], say)
  const folder = await cached(`kstreams-${sourceHash()}`, async unfinished => {
    await ensurePrograms(['javac', 'mvn'], say)
    cpSync(PROJECT, unfinished, { recursive: true })
    const goals = ['compile', 'dependency:copy-dependencies']
    await runWithSay('building bench/kstreams', 'mvn', ['-q', '-B', ...goals], { cwd: unfinished }, say)
    rmSync(join(unfinished, 'src'), { recursive: true })
  })
  return `${join(folder, 'target', 'classes')}:${join(folder, 'target', 'lib')}/*`
}

function sourceHash(): string {
  const hash = createHash('sha256')
  const files = readdirSync(PROJECT, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  for (const path of files.map(file => join(file.parentPath, file.name)).sort()) hash.update(readFileSync(path))
  return hash.digest('hex').slice(0, 12)
}
