import type { LogRecord } from '../../topology/log-port.ts'
import type { RawMessage } from './decode-messages.ts'

/** Copied, so that keeping a key does not keep the whole fetch, up to 10 MB, alive. */
export function recordOf(
  topic: string,
  partition: number,
  { offset, timestamp, key, value, headers }: RawMessage,
): LogRecord {
  return {
    topic,
    partition,
    offset: Number(offset),
    timestampMs: Number(timestamp),
    key: key && Buffer.from(key),
    value: value && Buffer.from(value),
    headers: headersOf(headers),
  }
}

/** The last one of a name counts; one without a value is left out. */
function headersOf(headers: RawMessage['headers']): Record<string, Buffer> {
  const copies: [string, Buffer][] = []
  for (const [name, values] of Object.entries(headers)) {
    const value = Array.isArray(values) ? values.at(-1) : values
    if (value) copies.push([name, Buffer.from(value)])
  }
  return Object.fromEntries(copies)
}
