import { setTimeout as wait } from 'node:timers/promises'
import { awakeMs } from './awake.ts'

const LOOK_MS = 50

/**
 * Asks until there is an answer.
 * @param ask - undefined and false are none; a throw ends it
 * @param withinMs - of time that this process was awake
 * @throws where there is none in time, naming `what`
 */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 60_000,
  lookMs = LOOK_MS,
): Promise<T> {
  const giveUpMs = awakeMs() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (awakeMs() > giveUpMs) throw new Error(`waited ${Math.round(withinMs / 1000)} s in vain for ${what}`)
    await wait(lookMs)
  }
}
