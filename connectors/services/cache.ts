/** What is downloaded once a machine: `$XDG_CACHE_HOME/freshet`, else `~/.cache/freshet`. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isAlive } from './is-alive.ts'

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

/** One process at a time; a lock whose holder is dead is taken over. */
async function withLock(path: string, work: () => Promise<void>): Promise<void> {
  while (!tryLock(path)) await wait(200)
  try {
    await work()
  } finally {
    rmSync(path, { force: true })
  }
}

function tryLock(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const holder = Number(existsSync(path) ? readFileSync(path, 'utf8') : 0)
  if (holder > 0 && !isAlive(holder)) rmSync(path, { force: true })
  return false
}
