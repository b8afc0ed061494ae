/**
 * What admission remembers of a visitor: the last 256 admitted events, in a ring of pages of eight. Duplicates, repeated actions
 * and bots are all judged by this one memory, so an admitted event rewrites one page of about 100 bytes.
 *
 * Six numbers an event, in order of arrival:
 *   0 event    hash53 of the eventId
 *   1 item     itemHash of the item; 0 for impressions
 *   2 action   actionHash of type and client session; 0 for a purchase, 1 for a cart or an impression
 *   3 second   event time in whole seconds, less the page's baseS
 *   4 events   how many events but purchases its 10-minute bucket had with it
 *   5 items    how many distinct items those had with it
 */
import type { AdmissionPage } from '../../schemas/admission-page.ts'
import { newestPage, withValueAt } from '../ring.ts'

export const REMEMBERED_EVENTS = 256
const PAGE_EVENTS = 8
const PAGES = REMEMBERED_EVENTS / PAGE_EVENTS + 1 // so that beginning a page leaves 256
const WIDTH = 6
const PURCHASE_ACTION = 0

/** One event as the memory keeps it. */
export interface Trace {
  readonly event: number
  readonly item: number
  readonly action: number
  /** Event time in whole seconds since the epoch. */
  readonly second: number
}

export interface Windows {
  readonly dedupeS: number
  readonly repeatBucketS: number
  readonly botBucketS: number
}

/** What the memory has on an event that is about to be admitted. */
export interface Recollection {
  readonly isDuplicate: boolean
  readonly isRepeat: boolean
  /** Events but purchases of its 10-minute bucket so far. */
  readonly bucketEvents: number
  /** Distinct items of those so far. */
  readonly bucketItems: number
  /** Its item is not among the remembered ones of the bucket. */
  readonly isNewItem: boolean
}

/** Looks at the last {@link REMEMBERED_EVENTS} events, newest first. */
export function recall(pages: readonly AdmissionPage[], trace: Trace, windows: Windows): Recollection {
  const repeatFrom = trace.second - (trace.second % windows.repeatBucketS)
  const botFrom = trace.second - (trace.second % windows.botBucketS)
  let isDuplicate = false
  let isRepeat = false
  let bucketEvents = -1
  let bucketItems = 0
  let isNewItem = trace.item !== 0
  let left = REMEMBERED_EVENTS
  const newest = newestPage(pages)
  for (let back = 0; back < pages.length && left > 0; back++) {
    const { baseS, slots } = pages[(newest - back + pages.length) % pages.length] as AdmissionPage
    for (let at = slots.length - WIDTH; at >= 0 && left > 0; at -= WIDTH, left--) {
      const second = baseS + (slots[at + 3] as number)
      if (slots[at] === trace.event && Math.abs(trace.second - second) <= windows.dedupeS) isDuplicate = true
      // Most of the 256 are of another item, and only the newest one of a bucket is asked for its counts.
      if (bucketEvents >= 0 && slots[at + 1] !== trace.item) continue
      const action = slots[at + 2] as number
      if (action === PURCHASE_ACTION) continue
      const isInBucket = isWithin(second, botFrom, windows.botBucketS)
      if (isInBucket && bucketEvents < 0) {
        bucketEvents = slots[at + 4] as number
        bucketItems = slots[at + 5] as number
      }
      if (slots[at + 1] !== trace.item) continue
      if (isInBucket) isNewItem = false
      if (action > 1 && action === trace.action && isWithin(second, repeatFrom, windows.repeatBucketS)) isRepeat = true
    }
  }
  return { isDuplicate, isRepeat, bucketEvents: Math.max(0, bucketEvents), bucketItems, isNewItem }
}

const isWithin = (second: number, from: number, length: number) => second >= from && second < from + length

/** @returns the second of the event that falls out of the last 256 when one more is admitted; undefined where none does */
export function nextForgotten(pages: readonly AdmissionPage[]): number | undefined {
  if (pages.length < PAGES - 1) return undefined
  const newest = pages[newestPage(pages)] as AdmissionPage
  const events = newest.number * PAGE_EVENTS + newest.slots.length / WIDTH
  const oldest = events - REMEMBERED_EVENTS
  if (oldest < 0) return undefined
  const page = pages[Math.floor(oldest / PAGE_EVENTS) % PAGES] as AdmissionPage
  return page.baseS + (page.slots[(oldest % PAGE_EVENTS) * WIDTH + 3] as number)
}

/**
 * @param bucketEvents - of its bucket, with it; for a purchase nothing reads it
 * @param bucketItems - of its bucket, with it
 */
export function remember(
  pages: readonly AdmissionPage[],
  { event, item, action, second }: Trace,
  bucketEvents: number,
  bucketItems: number,
): AdmissionPage[] {
  const last = pages[newestPage(pages)]
  if (last && last.slots.length < PAGE_EVENTS * WIDTH) {
    const slots = last.slots.concat([event, item, action, second - last.baseS, bucketEvents, bucketItems])
    return withValueAt(pages, last.number % PAGES, { number: last.number, baseS: last.baseS, slots })
  }
  const number = last ? last.number + 1 : 0
  const slots = [event, item, action, 0, bucketEvents, bucketItems]
  return withValueAt(pages, number % PAGES, { number, baseS: second, slots })
}
