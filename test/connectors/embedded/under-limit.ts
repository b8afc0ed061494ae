/** Programs on a disk that is full: a limit on the size of their files, which can be taken away while they run. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'

/** @param kilobytes - of any file the program writes */
export function spawnUnderLimit(kilobytes: number, words: readonly string[], env = process.env): ChildProcess {
  const shell = 'ulimit -S -f "$0"; exec "$@"'
  const under = ['-c', shell, String(kilobytes), process.execPath, ...words]
  return spawn('bash', under, { env, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** There is room again. @throws where the system cannot do that to a process that runs */
export function liftLimit({ pid }: ChildProcess): void {
  const { status, stderr, error } = spawnSync('prlimit', [`--pid=${pid}`, '--fsize=unlimited:'], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`prlimit: ${stderr ?? error?.message}`)
}
