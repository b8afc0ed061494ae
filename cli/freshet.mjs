#!/usr/bin/env -S node --max-semi-space-size=64
// Plain JavaScript for any Node: checks the version before anything newer is read.
// Events live briefly: the larger young generation saves a tenth of the CPU. Node runs .ts files itself since 22.18. The project brings a Node 24 for linux-x64 as an optional dependency.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'

// V8 takes what survived a burst (a start, a backlog) for long-lived from then on, and makes all that comes from the same code among the old.
// Records decoded or on their way to Redis then fill the old generation: it was marked twice as often, and the CPU time of the
// stages was a seventh more.
setFlagsFromString('--no-allocation-site-pretenuring')

const WANTED = [22, 18]
const END_WITHIN_MS = 2_000
const here = dirname(fileURLToPath(import.meta.url))

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major > WANTED[0] || (major === WANTED[0] && minor >= WANTED[1])) {
  const { main } = await import('./main.ts')
  // `freshet topology | head` closes the pipe early, which is no failure.
  process.stdout.on('error', error => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
  process.exitCode = await main(process.argv.slice(2))
  // A connection that nobody closed must not keep a process that has ended: a supervisor waits for its exit. The callback
  // comes when a slow reader of the pipe has taken everything.
  process.stdout.write('', () => setTimeout(() => process.exit(), END_WITHIN_MS).unref())
} else {
  // Beside the package itself, or where npm put it when Freshet is a dependency of something else.
  const bundled = ['../node_modules/.bin/node', '../../.bin/node'].map(path => join(here, path)).find(existsSync)
  if (bundled && !process.env.FRESHET_BUNDLED_NODE) {
    const env = { ...process.env, FRESHET_BUNDLED_NODE: '1' }
    const child = spawn(bundled, [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
      stdio: 'inherit',
      env,
    })
    // A terminal sends Ctrl-C to both, a supervisor only to us; the child takes two within a second for one.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
    child.on('error', error => tooOld(`; ${bundled} does not start: ${error.message}`))
    child.on('exit', (code, signal) => {
      process.exitCode = signal ? 1 : (code ?? 1)
    })
  } else {
    tooOld('')
  }
}

function tooOld(detail) {
  process.stderr.write(
    `Freshet needs Node ${WANTED.join('.')} or newer, this is ${process.versions.node}${detail}.\n` +
      'Install a newer one from https://nodejs.org, or run `npm install` on linux-x64, which brings one along.\n',
  )
  process.exitCode = 1
}
