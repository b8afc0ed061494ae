/** A `freshet` command in a process of its own, as an operator would start it, and what a fault may do to it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Guard } from '../../connectors/services/guard.ts'
import { until } from './until.ts'

const FRESHET = fileURLToPath(new URL('../../cli/freshet.mjs', import.meta.url))
const STOP_WITHIN_MS = 30_000
const SAID_WITHIN_MS = 120_000

export interface ProcessOptions {
  readonly name: string
  /** As on the command line: `['run', 'all']`. */
  readonly arguments: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Takes both outputs, of every start. */
  readonly logFile: string
  /** Ends the process when ours is gone. */
  readonly guard: Guard
  /** Modules that every start loads before the product. */
  readonly preload?: readonly string[]
}

/** A line of the log as pino writes it, JSON, or of stdout as it is, under `msg`. */
export interface LogLine {
  readonly msg?: string
  readonly level?: number
  readonly [field: string]: unknown
}

export class FreshetProcess {
  readonly name: string
  readonly #o: ProcessOptions
  #child: ChildProcess | undefined
  #ended: Promise<number | string> = Promise.resolve('not started')
  /** Where the log of this start begins, bytes. */
  #logFrom = 0
  #isMeantToEnd = false
  /** Ends that nobody asked for, with the last that was said. */
  readonly deaths: string[] = []

  constructor(options: ProcessOptions) {
    this.#o = options
    this.name = options.name
  }

  get pid(): number | undefined {
    return this.isRunning ? this.#child?.pid : undefined
  }

  get isRunning(): boolean {
    const child = this.#child
    return child !== undefined && child.exitCode === null && child.signalCode === null
  }

  /** It was started, and has ended though nobody asked it to. */
  get hasDied(): boolean {
    return this.#child !== undefined && !this.isRunning && !this.#isMeantToEnd
  }

  /** Resolves with what it ended with. */
  get ended(): Promise<number | string> {
    return this.#ended
  }

  /**
   * @param env - for this start only, over the usual
   * @param preload - likewise, modules that are loaded before the product
   */
  start(env: Readonly<Record<string, string>> = {}, preload: readonly string[] = []): void {
    if (this.isRunning) throw new Error(`${this.name} runs already`)
    const log = openSync(this.#o.logFile, 'a')
    this.#logFrom = readFileSync(this.#o.logFile).length
    const imports = [...(this.#o.preload ?? []), ...preload].map(
      module => `--import=${new URL(module, import.meta.url).href}`,
    )
    // A group of its own: Ctrl-C in a terminal is for us, who stop things in our own order.
    this.#child = spawn(process.execPath, [...imports, FRESHET, ...this.#o.arguments], {
      env: { ...cleanEnv(), ...this.#o.env, ...env },
      stdio: ['ignore', log, log],
      detached: true,
    })
    closeSync(log)
    this.#isMeantToEnd = false
    this.#ended = this.#watch(this.#child)
  }

  /** @returns what it ended with */
  async #watch(child: ChildProcess): Promise<number | string> {
    if (child.pid !== undefined) this.#o.guard.add(child.pid)
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
    if (child.pid !== undefined) this.#o.guard.end(child.pid)
    const end = signal ?? code ?? 'nothing'
    if (!this.#isMeantToEnd) this.deaths.push(`${this.name} ended by itself with ${end}: ${this.tail(3)}`)
    return end
  }

  /** What follows ends it, and should. */
  expectEnd(): void {
    this.#isMeantToEnd = true
  }

  /** Without a process it does nothing. */
  signal(signal: NodeJS.Signals): void {
    if (!this.isRunning) return
    if (signal === 'SIGKILL' || signal === 'SIGTERM') this.expectEnd()
    this.#child?.kill(signal)
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.#ended
  }

  /** SIGTERM, and SIGKILL where that takes too long. @returns what it ended with */
  async stop(): Promise<number | string> {
    this.signal('SIGTERM')
    const timer = setTimeout(() => this.signal('SIGKILL'), STOP_WITHIN_MS)
    const code = await this.#ended
    clearTimeout(timer)
    return code
  }

  /** What this start has said so far. */
  lines(): LogLine[] {
    return linesIn(readFileSync(this.#o.logFile).subarray(this.#logFrom))
  }

  /** What every start has said. */
  linesOfAll(): LogLine[] {
    return existsSync(this.#o.logFile) ? linesIn(readFileSync(this.#o.logFile)) : []
  }

  /** Resolves with the first line of this start for which `isIt`. @throws where it ends before, with the end of its log */
  said(what: string, isIt: (line: LogLine) => boolean, withinMs = SAID_WITHIN_MS): Promise<LogLine> {
    return until(
      `${this.name} to say ${what}`,
      () => {
        const line = this.lines().find(isIt)
        if (!line && !this.isRunning) throw new Error(`${this.name} ended before it said ${what}:\n${this.tail()}`)
        return line
      },
      withinMs,
    )
  }

  tail(count = 12): string {
    return readFileSync(this.#o.logFile, 'utf8').trimEnd().split('\n').slice(-count).join('\n')
  }
}

function linesIn(log: Buffer): LogLine[] {
  const texts = log.toString('utf8').split('\n')
  return texts.filter(text => text !== '').map(lineOf)
}

function lineOf(text: string): LogLine {
  if (!text.startsWith('{')) return { msg: text }
  try {
    return JSON.parse(text) as LogLine
  } catch {
    return { msg: text } // cut short by a kill
  }
}

/** The environment without options of Freshet that happen to be set. */
export const cleanEnv = (): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('FRESHET_')))
