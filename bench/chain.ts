/** `freshet run` in processes of its own, as an operator would start it. */
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePortNear } from '../connectors/services/free-ports.ts'
import { type Children, type Program, startChildren } from './children.ts'

const FRESHET = fileURLToPath(new URL('../cli/freshet.mjs', import.meta.url))
const START_WITHIN_MS = 60_000

export interface Chain extends Children {
  /** Prometheus text of each process. */
  metrics(): Promise<readonly string[]>
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
  const ports: number[] = []
  const programs: Program[] = []
  for (const stages of processes) {
    const port = await freePortNear(0)
    const run = [FRESHET, 'run', ...stages, '--metrics-port', String(port)]
    const args = ['--max-semi-space-size=64', ...nodeOptions, ...run]
    programs.push({ name: `freshet run ${stages.join(' ')}`, file: process.execPath, args, env })
    ports.push(port)
  }
  const chain: Chain = {
    ...startChildren(programs),
    metrics: () => Promise.all(ports.map(async port => (await fetch(`http://127.0.0.1:${port}/metrics`)).text())),
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
