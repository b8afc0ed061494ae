/**
 * The classes a broker loads, as the JVM keeps them for its next start (AppCDS): a start then takes half the time, which
 * tests that kill brokers feel. Made once a machine and Java by starting a broker and ending it in peace.
 */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cached } from './cache.ts'
import type { Say } from './run-with-say.ts'
import { type Command, startService } from './service.ts'
import { Guard } from './guard.ts'

const ARCHIVE = 'classes.jsa'

/**
 * @param name - of the folder in the cache; names all that the archive depends on
 * @param trial - the start to learn from, in a folder of its own; Java's own options come first in it
 * @returns options for the JVM; [] where no archive could be made, which is remembered: it is a matter of speed only
 */
export async function classArchive(
  name: string,
  trial: (folder: string) => Promise<Command>,
  say: Say,
): Promise<string[]> {
  const folder = await cached(name, async unfinished => {
    say('preparing faster starts of Kafka …')
    const data = join(unfinished, 'trial')
    const guard = new Guard(unfinished)
    try {
      const command = await trial(data)
      const archive = `-XX:ArchiveClassesAtExit=${join(unfinished, ARCHIVE)}`
      const service = await startService({ ...command, args: [archive, ...command.args] }, guard)
      await service.kill('SIGTERM')
    } catch (error) {
      say(`no faster starts of Kafka: ${error instanceof Error ? error.message : String(error)}`)
    } finally {
      rmSync(data, { recursive: true, force: true })
      guard.close()
    }
  })
  return readdirSync(folder).includes(ARCHIVE) ? [`-XX:SharedArchiveFile=${join(folder, ARCHIVE)}`] : []
}
