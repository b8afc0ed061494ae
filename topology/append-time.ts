/** The append time that counts: a record that is driven in again, or copied, carries its first one in a header. */
import type { LogRecord } from './log-port.ts'

/** ms since the epoch as decimal text. */
export const APPENDED_AT_HEADER = 'freshet-appended-at-ms'

/** @returns ms since the epoch: of the header, where it is one, else of the record */
export function appendedAtMs({ headers, timestampMs }: Pick<LogRecord, 'headers' | 'timestampMs'>): number {
  const original = Number(headers[APPENDED_AT_HEADER]?.toString() ?? Number.NaN)
  return Number.isSafeInteger(original) ? original : timestampMs
}
