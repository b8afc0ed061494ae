/**
 * Every code Freshet answers with, what becomes of the record or request, and a sentence. A code is never reused.
 * `docs/errors.md` is held against this table by a test.
 */
export type Fate = 'set aside' | 'retry' | 'stop' | 'refuse'

export const errors = {
  INVALID_JSON: { fate: 'set aside', means: 'The value starts with { but is not JSON.' },
  UNKNOWN_FORMAT: {
    fate: 'set aside',
    means: 'The first byte is neither 0 (Avro) nor { (JSON), or there is no value.',
  },
  UNKNOWN_SCHEMA: { fate: 'set aside', means: 'The registry does not know the schema id.' },
  INCOMPATIBLE_SCHEMA: { fate: 'set aside', means: 'The schema id is known but cannot be read as this record.' },
  INVALID_AVRO: { fate: 'set aside', means: 'The Avro bytes are cut short or do not follow their schema.' },
  INVALID_FIELD: { fate: 'set aside', means: 'A field is missing or of the wrong type.' },
  RECORD_TOO_LARGE: { fate: 'set aside', means: 'The value is larger than 200,000 bytes.' },
  MISSING_VISITOR: { fate: 'set aside', means: 'Neither userId nor anonymousId was given.' },
  INVALID_ID: { fate: 'set aside', means: 'An id is empty, longer than 256 bytes or not well-formed Unicode.' },
  MISSING_ITEM: { fate: 'set aside', means: 'The type needs an itemId, or an impression its items.' },
  TOO_MANY_ITEMS: { fate: 'set aside', means: 'An event carries more than 50 items.' },
  UNKNOWN_TYPE: { fate: 'set aside', means: 'The interaction type is not configured.' },
  INVALID_NUMBER: { fate: 'set aside', means: 'A number is NaN, infinite or out of its range.' },
  INVALID_TIME: { fate: 'set aside', means: 'occurredAt is not above 0.' },
  FUTURE_TIME: { fate: 'set aside', means: 'occurredAt lies more than 5 minutes after the append time.' },
  MISPLACED_KEY: {
    fate: 'set aside',
    means: 'The key is not the visitor, or the record is not in the partition of its key.',
  },
  DUPLICATE_EVENT: { fate: 'set aside', means: 'The visitor sent this eventId within the last 24 hours.' },
  REPEATED_ACTION: { fate: 'set aside', means: 'Same item, type and session in the same 5-minute bucket.' },
  BOT_TRAFFIC: { fate: 'set aside', means: 'Too many events or items in 10 minutes, or a bot user agent.' },
  HANDLER_FAILED: { fate: 'set aside', means: 'A processor threw; a defect of Freshet, please report it.' },
  TOO_MANY_FAILURES: {
    fate: 'stop',
    means: 'More than 1 % of the last 1,000 records failed in a processor: the task stops.',
  },
  STATE_MISMATCH: { fate: 'stop', means: 'The state was folded with other options or processor versions.' },
  DATA_LOST: { fate: 'stop', means: 'The log no longer holds the records after the stored position.' },
  TOPIC_MISMATCH: { fate: 'stop', means: 'A topic stands with other settings than Freshet needs.' },
  INVALID_CONFIG: { fate: 'stop', means: 'An option is unknown or malformed.' },
  DIRECTORY_IN_USE: { fate: 'stop', means: 'Another process holds the data directory.' },
  INVALID_QUERY: { fate: 'refuse', means: 'A query parameter or body field is unknown or malformed.' },
  NOT_FOUND: { fate: 'refuse', means: 'No such path.' },
  BODY_TOO_LARGE: { fate: 'refuse', means: 'The body is larger than the limit.' },
  BATCH_TOO_LARGE: { fate: 'refuse', means: 'More than 1,000 events in one request.' },
  LOG_UNAVAILABLE: { fate: 'retry', means: 'The log did not acknowledge in time; send the events again.' },
  DISK_FULL: {
    fate: 'retry',
    means: 'The disk under the data directory takes no more: it is full, a quota is reached, or it fails.',
  },
  KAFKA_UNAVAILABLE: { fate: 'retry', means: 'No broker answers.' },
  REGISTRY_UNAVAILABLE: { fate: 'retry', means: 'The schema registry does not answer.' },
  REDIS_UNAVAILABLE: { fate: 'retry', means: 'Redis does not answer.' },
} as const satisfies Record<string, { fate: Fate; means: string }>

export type ErrorCode = keyof typeof errors

/** An error with a code of the table; its message is a sentence for a person. */
export class FreshetError extends Error {
  override readonly name = 'FreshetError'
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
