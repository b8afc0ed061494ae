/** Whether processors fail so often that going on would empty the topic into `rejected.v1`. */
const WINDOW = 1_000
const MAX_SHARE = 0.01
const LEAST_FAILURES = 10

export class FailureRate {
  readonly #ring = new Uint8Array(WINDOW)
  #next = 0
  #seen = 0
  #failures = 0

  ok(): void {
    this.#push(0)
  }

  /** @returns true when more than 1 % of the last 1,000 records failed, from the tenth failure on */
  failed(): boolean {
    this.#push(1)
    return this.#failures >= LEAST_FAILURES && this.#failures > MAX_SHARE * this.#seen
  }

  summary(): string {
    return `${this.#failures} of the last ${this.#seen} records failed in a processor`
  }

  #push(outcome: 0 | 1): void {
    this.#failures += outcome - (this.#seen === WINDOW ? (this.#ring[this.#next] as number) : 0)
    this.#ring[this.#next] = outcome
    this.#next = (this.#next + 1) % WINDOW
    this.#seen = Math.min(WINDOW, this.#seen + 1)
  }
}
