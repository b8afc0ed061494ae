import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { isAlive } from './is-alive.ts'

/** One process at a time; a lock whose holder is dead is taken over. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  while (!tryLock(path)) await wait(200)
  try {
    return await work()
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
