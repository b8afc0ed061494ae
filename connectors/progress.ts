/**
 * A progress line: a bar that is drawn over on a terminal, a plain line every five seconds elsewhere. The rate is that of the last
 * few seconds, the time left follows from it.
 */
const BAR_CELLS = 24
const PLAIN_MS = 5_000
const DRAWN_MS = 100
const RATE_MS = 4_000

export interface ProgressOptions {
  readonly label: string
  /** What is counted, `events`. */
  readonly unit: string
  readonly stream: { write(text: string): unknown; readonly isTTY?: boolean }
  now(): number
}

export class Progress {
  readonly #options: ProgressOptions
  #shownMs = Number.NEGATIVE_INFINITY
  /** Places passed within the last RATE_MS. */
  #passed: { readonly atMs: number; readonly done: number }[] = []

  constructor(options: ProgressOptions) {
    this.#options = options
  }

  /** @param total - 0 where nobody knows @param lag - events that wait to be processed */
  update(done: number, total: number, lag?: number): void {
    const now = this.#options.now()
    this.#passed.push({ atMs: now, done })
    this.#passed = this.#passed.filter(({ atMs }, index) => now - atMs <= RATE_MS || index === this.#passed.length - 1)
    if (now - this.#shownMs < (this.#options.stream.isTTY ? DRAWN_MS : PLAIN_MS)) return
    this.#shownMs = now
    this.#draw(this.line(done, total, lag))
  }

  /** Draws the last state and leaves it standing. */
  end(done: number, total: number, lag?: number): void {
    this.#draw(this.line(done, total, lag))
    if (this.#options.stream.isTTY) this.#options.stream.write('\n')
  }

  line(done: number, total: number, lag?: number): string {
    const { label, unit } = this.#options
    const first = this.#passed[0]
    const last = this.#passed.at(-1)
    const spanMs = first && last ? last.atMs - first.atMs : 0
    const rate = first && last && spanMs > 0 ? ((last.done - first.done) / spanMs) * 1_000 : 0
    const parts = [`${label} ${bar(done, total)} ${grouped(done)}${total > 0 ? ` of ${grouped(total)}` : ''} ${unit}`]
    if (rate > 0) parts.push(`${grouped(Math.round(rate))}/s`)
    if (lag !== undefined) parts.push(`lag ${grouped(lag)}`)
    if (rate > 0 && total > done) parts.push(`${duration((total - done) / rate)} left`)
    return parts.join(' · ')
  }

  #draw(line: string): void {
    this.#options.stream.write(this.#options.stream.isTTY ? `\r\x1b[2K${line}` : `${line}\n`)
  }
}

const grouped = (n: number) => n.toLocaleString('en-US')

function bar(done: number, total: number): string {
  if (total === 0) return ''
  const full = Math.floor((Math.min(done, total) / total) * BAR_CELLS)
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_CELLS - full)}] ${Math.floor((Math.min(done, total) / total) * 100)} %`
}

function duration(seconds: number): string {
  const s = Math.ceil(seconds)
  if (s < 60) return `${s} s`
  return s < 3_600
    ? `${Math.floor(s / 60)} min ${s % 60} s`
    : `${Math.floor(s / 3_600)} h ${Math.floor((s % 3_600) / 60)} min`
}
