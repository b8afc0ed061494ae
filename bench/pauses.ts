/** Notices that this process did not get to run: whatever was measured meanwhile is worth nothing. */
const EVERY_MS = 200

export class Pauses {
  longestMs = 0
  readonly #timer: NodeJS.Timeout

  constructor() {
    let lastMs = performance.now()
    this.#timer = setInterval(() => {
      const nowMs = performance.now()
      this.longestMs = Math.max(this.longestMs, nowMs - lastMs - EVERY_MS)
      lastMs = nowMs
    }, EVERY_MS)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
