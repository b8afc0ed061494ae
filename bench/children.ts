/** Processes that a bench starts, watches and ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'

const STOP_WITHIN_MS = 20_000

/** The environment without options of Freshet that happen to be set. */
export const cleanEnv = (): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('FRESHET_')))

export interface Program {
  /** As a sentence about it calls it. */
  readonly name: string
  readonly file: string
  readonly args: readonly string[]
  /** Besides {@link cleanEnv}. */
  readonly env?: Readonly<Record<string, string>>
}

export interface Children {
  readonly pids: readonly number[]
  /** @throws what ended a process before its time */
  check(): void
  /** With SIGTERM, and SIGKILL for what is there 20 s later. */
  stop(): Promise<void>
}

export function startChildren(programs: readonly Program[]): Children {
  let isStopping = false
  let failure: Error | undefined
  const children: ChildProcess[] = programs.map(({ name, file, args, env }) => {
    const child = spawn(file, args, {
      env: { ...cleanEnv(), ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
      detached: true,
    })
    child.on('error', error => {
      failure = error
    })
    child.on('exit', (code, signal) => {
      if (!isStopping) failure = new Error(`${name} ended with ${signal ?? code}`)
    })
    return child
  })
  // Detached, so that Ctrl-C reaches us alone; then nothing else would end them with us.
  const kill = () => {
    for (const child of children) child.kill('SIGKILL')
  }
  process.once('exit', kill)
  return {
    pids: children.map(child => child.pid ?? 0),
    check() {
      if (failure) throw failure
    },
    async stop() {
      isStopping = true
      const ended = children.map(child =>
        child.pid === undefined || child.exitCode !== null || child.signalCode !== null
          ? Promise.resolve()
          : new Promise<void>(resolve => child.once('exit', () => resolve())),
      )
      for (const child of children) child.kill('SIGTERM')
      await Promise.race([Promise.all(ended), wait(STOP_WITHIN_MS, undefined, { ref: false })])
      kill()
      process.off('exit', kill)
    },
  }
}
