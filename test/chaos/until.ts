import { setTimeout as wait } from 'node:timers/promises'

const LOOK_MS = 50

/**
 * Asks until there is an answer.
 * @param ask - undefined and false are none; a throw ends it
 * @throws where there is none in time, naming `what`
 */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 60_000,
  lookMs = LOOK_MS,
): Promise<T> {
  const giveUpMs = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > giveUpMs) throw new Error(`waited ${Math.round(withinMs / 1000)} s in vain for ${what}`)
    await wait(lookMs)
  }
}
