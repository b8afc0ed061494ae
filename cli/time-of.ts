import { FreshetError } from '../schemas/errors.ts'

/**
 * @param flag - as the message should name it
 * @param text - a date, or ms since the epoch
 * @throws FreshetError INVALID_TIME
 */
export function timeOf(flag: string, text: string): number {
  const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isSafeInteger(ms)) return ms
  const message = `${flag}: wanted a date or ms since the epoch, got ${JSON.stringify(text)}`
  throw new FreshetError('INVALID_TIME', message)
}
