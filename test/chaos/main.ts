/** `npm run chaos`: see {@link HELP} in `options.ts`. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { dateOf, optionsOf, UsageError } from './options.ts'
import { isClean, tableOf } from './report.ts'
import { type Console, Rounds } from './rounds.ts'
import { World } from './world.ts'

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  let options: ReturnType<typeof optionsOf>
  try {
    options = optionsOf(args, Date.now())
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`${error.message}\nsee npm run chaos -- --help\n`)
    return 2
  }
  if (typeof options === 'string') {
    process.stdout.write(options)
    return 0
  }
  const stop = interruption()
  const console = newConsole()
  console.say(`${dateOf(options.day)}, seed ${options.seed}: ${options.faults.map(one => one.name).join(', ')}`)
  const world = await World.open(console.progress, stop)
  const rounds = new Rounds(world, options, console)
  let isGood = false
  try {
    // What a fault waits for may take minutes; the guard ends the processes of a shop that nobody closes.
    await Promise.race([rounds.run(), aborted(stop)])
    isGood = isClean(rounds.outcomes)
  } finally {
    if (!isGood && !stop.aborted) console.say(`what the processes said: ${world.folder}`)
    await world.close(isGood || stop.aborted ? 'remove' : 'keep')
  }
  const table = tableOf(rounds.outcomes)
  console.say('')
  for (const line of table) console.say(line)
  if (rounds.leftOut.length > 0) console.say(`no time was left for ${rounds.leftOut.join(', ')}`)
  if (options.jsonFile !== undefined) {
    const outcomes = rounds.outcomes.map(({ fault, ...outcome }) => ({ fault: fault.name, ...outcome }))
    writeFileSync(options.jsonFile, `${JSON.stringify({ seed: options.seed, outcomes }, undefined, 2)}\n`)
  }
  if (stop.aborted) process.exit(130)
  return isGood ? 0 : 1
}

async function aborted(signal: AbortSignal): Promise<void> {
  await once(signal, 'abort')
}

/** The first signal ends with the table so far, the second at once. */
function interruption(): AbortSignal {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(130)
      process.stderr.write('\nstopping; once more to stop at once\n')
      stop.abort()
    })
  return stop.signal
}

/** The report on stdout; progress on stderr, drawn over on a terminal. */
function newConsole(): Console {
  const isDrawn = process.stderr.isTTY
  return {
    say(line) {
      if (isDrawn) process.stderr.write('\r\x1b[2K')
      process.stdout.write(`${line}\n`)
    },
    progress(line) {
      const shown = isDrawn ? line.slice(0, (process.stderr.columns ?? 80) - 1) : line
      process.stderr.write(isDrawn ? `\r\x1b[2K${shown}` : `${shown}\n`)
    },
  }
}
