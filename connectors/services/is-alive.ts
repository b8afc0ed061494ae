import { existsSync, readFileSync } from 'node:fs'

/**
 * @param sign - part of the command line, where the number might have gone to another process meanwhile; checked on Linux
 * @returns false for a zombie too: in a container nobody may ever reap it
 */
export function isAlive(pid: number, sign = ''): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  if (!existsSync('/proc/self/stat')) return true
  try {
    // `pid (name) state …`: the name may hold anything, so the state follows the last bracket.
    const state = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.[0]
    return state !== 'Z' && state !== 'X' && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(sign)
  } catch {
    return false // it ended between the two looks
  }
}
