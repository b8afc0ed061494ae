/** Headers of records that come a second time: driven in again by `redrive`, or copied by `reshard`. */
import type { LogRecord } from './log-port.ts'

/** The append time that counts, ms since the epoch as decimal text. */
export const APPENDED_AT_HEADER = 'freshet-appended-at-ms'
/** How many times it was driven in again, as decimal text. */
export const REDRIVEN_HEADER = 'freshet-redriven'

/** @returns ms since the epoch: of the header, where it is one, else of the record */
export const appendedAtMs = ({ headers, timestampMs }: Pick<LogRecord, 'headers' | 'timestampMs'>): number =>
  numberIn(headers[APPENDED_AT_HEADER]) ?? timestampMs

export const timesRedriven = ({ headers }: Pick<LogRecord, 'headers'>): number =>
  numberIn(headers[REDRIVEN_HEADER]) ?? 0

function numberIn(header: Buffer | undefined): number | undefined {
  const text = header?.toString() ?? ''
  const number = Number(text)
  return /^\d+$/.test(text) && Number.isSafeInteger(number) ? number : undefined
}
