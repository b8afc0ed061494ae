/** `npm run simulate`: see {@link HELP}. */
import { parseArgs } from 'node:util'
import { campaign, type CampaignOptions, type Tally } from './campaign.ts'
import { planted } from './planted/all.ts'

const HELP = `npm run simulate -- [--seeds N] [--first-seed N] [--planted NAME] [--workers N]

Runs the whole graph on a simulated broker, registry and Redis, one seed after the other, while a seeded scheduler delays,
crashes, pauses, fences, duplicates and loses answers. After every run what must hold is checked. A seed says it all: it
gives the same run on any machine.

  --seeds N        how many seeds, default 1000
  --first-seed N   the first one, default 1
  --planted NAME   put a fault into the runtime on purpose, to see it caught: ${Object.keys(planted).join(', ')}
  --workers N      threads, default one a core
  --help           this text

Ends with 1 where a seed failed: its smallest trace is printed, and the command that runs it again.
Ctrl-C ends with what there is so far.
`

/** When the line of progress was last written, and how many failures were told of. */
const told = { atMs: 0, failures: 0 }

async function main(): Promise<number> {
  try {
    const options = readArguments()
    if (options) return await simulate(options)
    process.stdout.write(HELP)
    return 0
  } catch (error) {
    process.stderr.write(
      `${error instanceof Error ? error.message : error}\nnpm run simulate -- --help says what there is\n`,
    )
    return 2
  }
}

type Asked = Pick<CampaignOptions, 'firstSeed' | 'seeds' | 'planted' | 'workers'>

/** @returns undefined where help is wanted. @throws where an argument is not understood */
function readArguments(): Asked | undefined {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      'first-seed': { type: 'string', default: '1' },
      planted: { type: 'string' },
      workers: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const { planted: name, workers } = values
  if (name !== undefined && !Object.hasOwn(planted, name))
    throw new Error(`--planted: wanted one of ${Object.keys(planted).join(', ')}, got ${name}`)
  return {
    seeds: wholeNumber('--seeds', values.seeds),
    firstSeed: wholeNumber('--first-seed', values['first-seed']),
    ...(name !== undefined && { planted: name }),
    ...(workers !== undefined && { workers: wholeNumber('--workers', workers) }),
  }
}

async function simulate(asked: Asked): Promise<number> {
  const interrupted = new AbortController()
  process.once('SIGINT', () => {
    process.stderr.write('\nstopping when the seeds under way are done\n')
    interrupted.abort()
  })
  const startedMs = performance.now()
  const onProgress = (tally: Tally) => progress(tally, asked.seeds, startedMs)
  const tally = await campaign({ ...asked, signal: interrupted.signal, onProgress })
  process.stderr.write('\n')
  process.stdout.write(summary(tally, (performance.now() - startedMs) / 1_000))
  if (tally.failures.length > 0) return 1
  return interrupted.signal.aborted ? 130 : 0
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number > 0) return number
  throw new Error(`${name}: wanted a whole number above 0, got ${text}`)
}

function progress(tally: Tally, seeds: number, startedMs: number): void {
  for (; told.failures < tally.failures.length; told.failures++)
    process.stderr.write(`\n${tally.failures[told.failures]?.report}\n`)
  const nowMs = performance.now()
  if (nowMs - told.atMs < (process.stderr.isTTY ? 200 : 10_000) && tally.runs < seeds) return
  told.atMs = nowMs
  const perSecond = tally.runs / ((nowMs - startedMs) / 1_000)
  const line = `${tally.runs} of ${seeds} seeds, ${perSecond.toFixed(1)} a second, ${faultsOf(tally)} faults, ${tally.failures.length} failed`
  process.stderr.write(process.stderr.isTTY ? `\r${line} ` : `${line}\n`)
}

const faultsOf = (tally: Tally) =>
  [...tally.coverage].reduce((sum, [kind, n]) => (kind.startsWith('ending') ? sum : sum + n), 0)

function summary(tally: Tally, seconds: number): string {
  const covered = [...tally.coverage].sort(([a], [b]) => (a < b ? -1 : 1))
  const width = Math.max(...covered.map(([kind]) => kind.length))
  const heaps = tally.heaps.map(all => `${mb(all[1] ?? all[0])} → ${mb(all.at(-1))}`)
  return [
    ...covered.map(([kind, count]) => `  ${kind.padEnd(width)} ${String(count).padStart(8)}`),
    `${tally.runs} seeds in ${seconds.toFixed(0)} s (${(tally.runs / seconds).toFixed(1)} a second, ${(cpuMs() / tally.runs).toFixed(0)} CPU-ms each): ` +
      `${(tally.virtualMs / 3_600_000).toFixed(0)} hours of virtual time, ${tally.commits} commits, ${faultsOf(tally)} faults`,
    `held by the threads after the second chunk and at the end: ${heaps.join(', ')}`,
    `${tally.failures.length} failed${tally.failures.length > 0 ? `: ${tally.failures.map(one => one.seed).join(', ')}` : ''}`,
    '',
  ].join('\n')
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

const mb = (bytes = 0) => `${(bytes / 2 ** 20).toFixed(0)} MB`

process.exitCode = await main()
