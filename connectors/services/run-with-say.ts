import { type SpawnOptions, spawn } from 'node:child_process'

/** Takes one line for a person. */
export type Say = (line: string) => void

const SAY_AFTER_MS = 2_000
const SAY_AGAIN_MS = 10_000

/**
 * Runs a program to its end; one that takes more than two seconds says so.
 * @param what - a present participle: `downloading Kafka 3.9.2`
 * @throws with the end of its output where it fails
 */
export async function runWithSay(
  what: string,
  file: string,
  args: readonly string[],
  options: SpawnOptions,
  say: Say,
): Promise<void> {
  const startedAtMs = performance.now()
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const keep = (chunk: Buffer) => {
    output = (output + chunk).slice(-4_000)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  let timer = setTimeout(function tell() {
    const seconds = Math.round((performance.now() - startedAtMs) / 1000)
    say(seconds < 5 ? `${what} …` : `${what} … ${seconds} s`)
    timer = setTimeout(tell, SAY_AGAIN_MS)
  }, SAY_AFTER_MS)
  try {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Error(`${what}: ${file} ended with ${signal ?? code}:\n${output.trimEnd()}`))
    })
    await promise
  } finally {
    clearTimeout(timer)
  }
}
