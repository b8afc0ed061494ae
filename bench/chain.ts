/** `freshet run` in processes of its own, as an operator would start it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePortNear } from '../connectors/services/free-ports.ts'

const FRESHET = fileURLToPath(new URL('../cli/freshet.mjs', import.meta.url))
const START_WITHIN_MS = 60_000
const STOP_WITHIN_MS = 20_000

/** The environment without options of Freshet that happen to be set. */
export const cleanEnv = (): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('FRESHET_')))

export interface Chain {
  readonly pids: readonly number[]
  /** Prometheus text of each process. */
  metrics(): Promise<readonly string[]>
  /** @throws what ended a process before its time */
  check(): void
  stop(): Promise<void>
}

/**
 * @param processes - stages of each, `['all']`
 * @param nodeOptions - for all of them, `['--cpu-prof']`
 */
export async function startChain(
  processes: readonly (readonly string[])[],
  env: Readonly<Record<string, string>>,
  nodeOptions: readonly string[] = [],
): Promise<Chain> {
  const children: { child: ChildProcess; port: number }[] = []
  let isStopping = false
  let failure: Error | undefined
  for (const stages of processes) {
    const port = await freePortNear(0)
    const child = spawn(
      process.execPath,
      ['--max-semi-space-size=64', ...nodeOptions, FRESHET, 'run', ...stages, '--metrics-port', String(port)],
      {
        env: { ...cleanEnv(), ...env },
        stdio: ['ignore', 'ignore', 'inherit'],
        detached: true,
      },
    )
    child.on('exit', (code, signal) => {
      if (!isStopping) failure = new Error(`freshet run ${stages.join(' ')} ended with ${signal ?? code}`)
    })
    children.push({ child, port })
  }
  // Detached, so that Ctrl-C reaches us alone; then nothing else would end them with us.
  const kill = () => {
    for (const { child } of children) child.kill('SIGKILL')
  }
  process.once('exit', kill)
  const chain: Chain = {
    pids: children.map(({ child }) => child.pid as number),
    metrics: () =>
      Promise.all(children.map(async ({ port }) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text())),
    check() {
      if (failure) throw failure
    },
    async stop() {
      isStopping = true
      const ended = children.map(({ child }) =>
        child.exitCode !== null || child.signalCode !== null
          ? Promise.resolve()
          : new Promise<void>(resolve => child.once('exit', () => resolve())),
      )
      for (const { child } of children) child.kill('SIGTERM')
      await Promise.race([Promise.all(ended), wait(STOP_WITHIN_MS, undefined, { ref: false })])
      kill()
      process.off('exit', kill)
    },
  }
  const untilMs = performance.now() + START_WITHIN_MS
  for (;;) {
    chain.check()
    try {
      await chain.metrics()
      return chain
    } catch (error) {
      if (performance.now() > untilMs) {
        await chain.stop()
        throw new Error(`freshet run did not answer within ${START_WITHIN_MS / 1_000} s`, { cause: error })
      }
      await wait(100)
    }
  }
}
