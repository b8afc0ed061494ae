// Generated from avro/interaction.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** One item of an impression. */
export interface ImpressionItem {
  /** the item shown */
  itemId: string
  /** 0-based slot it was shown in */
  position: number | null
}

/** What an application publishes: one thing a visitor did, or up to 50 items that were shown. */
export interface Interaction {
  /** unique per event; a repeat within 24 h is refused as a duplicate */
  eventId: string
  /** the logged-in user; either this or anonymousId is required */
  userId: string | null
  /** the device or cookie id of a visitor who is not logged in */
  anonymousId: string | null
  /** the client's own session id; a change opens a new session */
  sessionId: string | null
  /** the item acted on; required for every type but impression */
  itemId: string | null
  /** the items of an impression, at most 50 */
  items: ImpressionItem[]
  /** one of the configured interaction types */
  type: string
  /** a rating or another strength given by the application */
  value: number | null
  /** pieces bought */
  quantity: number | null
  /** price of one piece in the shop currency */
  price: number | null
  /** the order a purchase belongs to */
  orderId: string | null
  /** how long the visitor stayed, ms */
  dwellMs: number | null
  /** share of the item consumed, 0 to 1 */
  completion: number | null
  /** the search that led here */
  query: string | null
  /** where it happened: home, item, cart, … */
  surface: string | null
  /** 0-based slot the item had */
  position: number | null
  /** echo of the recommendation request that showed the item */
  requestId: string | null
  /** desktop, mobile, tablet, … */
  device: string | null
  /** user agent as sent by the client */
  userAgent: string | null
  /** ISO 3166-1 alpha-2 */
  country: string | null
  /** BCP 47 */
  language: string | null
  /** IANA name */
  timeZone: string | null
  /** where the visitor came from */
  referrer: string | null
  /** when it happened by the device clock, ms since the epoch */
  occurredAt: number
  /** when the client sent it by the device clock, ms since the epoch */
  sentAt: number | null
  /** when the server received it, ms since the epoch */
  receivedAt: number | null
  /** anything else */
  properties: Record<string, string>
}

export const interaction: RecordSchema<Interaction> = recordSchema('interaction')
