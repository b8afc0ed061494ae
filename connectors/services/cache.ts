/** What is downloaded once a machine: `$XDG_CACHE_HOME/freshet`, else `~/.cache/freshet`. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { withLock } from './lock.ts'

export function cacheFolder(): string {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'freshet')
  mkdirSync(folder, { recursive: true })
  return folder
}

/**
 * @param fill - writes the contents into an empty folder; it is renamed to its name when that is done, so a folder that
 *   stands is whole
 * @returns the folder, filled by us, an earlier start or another process
 */
export async function cached(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const whole = join(cacheFolder(), name)
  if (existsSync(whole)) return whole
  await withLock(`${whole}.lock`, async () => {
    if (existsSync(whole)) return
    const unfinished = mkdtempSync(`${whole}.part-`)
    try {
      await fill(unfinished)
      renameSync(unfinished, whole)
    } finally {
      rmSync(unfinished, { recursive: true, force: true })
    }
  })
  return whole
}
