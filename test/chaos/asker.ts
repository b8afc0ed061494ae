/** Asks the read API without a pause: whatever is broken behind it, it has to answer, and with something. */
import { setTimeout as wait } from 'node:timers/promises'
import { awakeMs } from './awake.ts'
import { visitorPath } from './traffic.ts'

const EVERY_MS = 40
const ANSWER_WITHIN_MS = 5_000
const KEPT_EXAMPLES = 5
/** Of a question during which all processes were stopped for longer, nothing is told. */
const MAX_STOPPED_MS = 1_000

export class Asker {
  readonly url: string
  readonly #random: () => number
  answers = 0
  errors = 0
  blanks = 0
  readonly examples: string[] = []
  #isOn = false
  #running: Promise<void> | undefined

  constructor(url: string, random: () => number) {
    this.url = url
    this.#random = random
  }

  start(): void {
    this.#isOn = true
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#isOn = false
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#isOn) {
      await this.#ask(this.#path())
      await wait(EVERY_MS)
    }
  }

  #path(): string {
    const draw = this.#random()
    if (draw < 0.05) return '/v1/popular'
    if (draw < 0.1) return '/v1/trending'
    const surface = draw < 0.3 ? '&surface=home' : ''
    return `/v1/${visitorPath(this.#random)}/recommendations?limit=10${surface}`
  }

  async #ask(path: string): Promise<void> {
    const startMs = performance.now()
    const startAwakeMs = awakeMs()
    try {
      const response = await fetch(this.url + path, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
      const text = await response.text()
      this.answers++
      if (response.status !== 200) return this.#note('errors', `${path}: ${response.status} ${text.slice(0, 200)}`)
      const { items } = JSON.parse(text) as { items?: unknown[] }
      if (!items || items.length === 0) this.#note('blanks', `${path}: ${text.slice(0, 200)}`)
    } catch (error) {
      const stoppedMs = performance.now() - startMs - (awakeMs() - startAwakeMs)
      if (stoppedMs > MAX_STOPPED_MS) return
      this.#note('errors', `${path}: ${error instanceof Error ? (error.cause ?? error.message) : error}`)
    }
  }

  #note(kind: 'errors' | 'blanks', example: string): void {
    this[kind]++
    if (this.examples.length < KEPT_EXAMPLES) this.examples.push(example)
  }
}
