/** A process that was started for us, and what a fault test may do to it. */
import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import type { Guard } from './guard.ts'

export interface Command {
  readonly name: string
  readonly file: string
  readonly args: readonly string[]
  /** Part of its command line that tells it from any other process. */
  readonly sign: string
  /** Takes both outputs. */
  readonly logFile: string
  /** Resolves true once it answers; asked until then. */
  isReady(): Promise<boolean>
}

export interface Service {
  readonly name: string
  /** Of the process that runs now, undefined while there is none. */
  readonly pid: number | undefined
  /** Resolves when the process has ended; for SIGSTOP and SIGCONT at once. Without a process it does nothing. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** Same port, same folder; resolves when it answers. A process that still runs is killed first. */
  restart(): Promise<void>
}

const ASK_EVERY_MS = 25
/** Many times what it takes: on a machine that is busy with other things nothing is broken yet. */
const READY_WITHIN_MS = 180_000
const LOG_TAIL_LINES = 20

/**
 * @param guard - ends the process when ours is gone
 * @returns when it answers. @throws with the end of its log where it does not
 */
export async function startService(command: Command, guard: Guard): Promise<Service> {
  let running = await launch(command, guard)
  const kill = async (signal: NodeJS.Signals) => {
    if (running.hasEnded()) return
    process.kill(running.pid, signal)
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') return
    running.hold() // else nothing may be left that keeps us here until it has ended
    await running.ended
  }
  return {
    name: command.name,
    get pid() {
      return running.hasEnded() ? undefined : running.pid
    },
    kill,
    async restart() {
      await kill('SIGKILL')
      running = await launch(command, guard)
    },
  }
}

interface Running {
  readonly pid: number
  readonly ended: Promise<void>
  hasEnded(): boolean
  /** Keeps our own process alive until this one has ended. */
  hold(): void
}

async function launch(command: Command, guard: Guard): Promise<Running> {
  const log = openSync(command.logFile, 'a')
  // A group of its own: Ctrl-C in a terminal is for us, and we stop services in our own order.
  const child = spawn(command.file, command.args, { stdio: ['ignore', log, log], detached: true })
  closeSync(log)
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  let hasEnded = false
  let problem = ''
  const end = (why: string) => {
    hasEnded = true
    problem ||= why
    if (child.pid !== undefined) guard.end(child.pid)
    resolve()
  }
  child.on('error', error => end(error.message))
  child.on('exit', (code, signal) => end(`ended with ${signal ?? code}`))
  if (child.pid !== undefined) guard.add(child.pid)
  child.unref() // the timer below holds us while it starts; then it is no reason to stay
  const giveUpAt = performance.now() + READY_WITHIN_MS
  while (!(await command.isReady())) {
    if (!hasEnded && performance.now() > giveUpAt) {
      problem = `no answer within ${READY_WITHIN_MS / 1000} s`
      child.ref()
      child.kill('SIGKILL')
      await ended
    }
    if (hasEnded) throw new Error(`${command.name}: ${problem}; its log ends with:\n${tail(command.logFile)}`)
    await Promise.race([ended, new Promise(again => setTimeout(again, ASK_EVERY_MS))])
  }
  // Something else may have answered on the port while ours was giving up.
  if (hasEnded) throw new Error(`${command.name}: ${problem}; its log ends with:\n${tail(command.logFile)}`)
  return { pid: child.pid as number, ended, hasEnded: () => hasEnded, hold: () => child.ref() }
}

function tail(logFile: string): string {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n')
}
