const PATIENCE_MS = 60_000
const ASK_EVERY_MS = 50

/** Asks until something comes. @param work - undefined and a failure are asked again. @throws the last failure after a minute */
export async function until<T>(what: string, work: () => Promise<T | undefined>): Promise<T> {
  const giveUpAt = performance.now() + PATIENCE_MS
  let last: unknown
  for (;;) {
    try {
      const found = await work()
      if (found !== undefined) return found
    } catch (error) {
      last = error
    }
    if (performance.now() > giveUpAt) throw new Error(`waited in vain for ${what}`, { cause: last })
    await new Promise(resolve => setTimeout(resolve, ASK_EVERY_MS))
  }
}
