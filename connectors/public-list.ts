/** A list as anybody may read it: JSON, written by hand, since JSON.stringify and the objects for it cost twice as much. */
import { isUser, rawIdOf } from '../schemas/ids.ts'
import { becauseOf, namesOf, PUBLIC_ITEMS, SCORE_UNITS, walkItems } from '../schemas/list-items.ts'
import type { RankedList } from '../schemas/ranked-list.ts'
import { reasonOf } from './reason.ts'
import type { PublicBody } from './view.ts'

/** @param sourceName - the name of a source by its number */
export function publicList(list: RankedList, sourceName: (source: number) => string): PublicBody {
  const { idPrefix, itemIds, source, reasons } = list
  const because = becauseOf(list)
  const start = `{"itemId":"${escaped(idPrefix)}`
  /** What follows the score, by source and reasons: few of them differ. */
  const ends = new Map<number, string>()
  let items = ''
  walkItems(list, PUBLIC_ITEMS, (item, units, from, to) => {
    const number = source[item] ?? 0
    let key = (to - from) * 256 + number
    for (let at = from; at < to; at++) key = key * 256 + (reasons[at] as number)
    let end = ends.get(key)
    if (end === undefined) {
      const name = sourceName(number)
      end = `,"source":${quoted(name)},"reason":${quoted(reasonOf(name, namesOf(because, reasons, from, to)))}}`
      ends.set(key, end)
    }
    items += `${item === 0 ? '' : ','}${start}${escaped(itemIds[item] as string)}","score":${scoreText(units)}${end}`
  })
  const id = isUser(list.visitor) ? 'userId' : 'anonymousId'
  const about =
    `"${id}":${quoted(rawIdOf(list.visitor))},"listId":${quoted(list.listId)},"builtAt":${list.builtAtMs},` +
    `"asOf":"${list.partition}:${list.offset}","model":${quoted(list.model)}`
  return `{${about},"items":[${items}]}`
}

/** What JSON may write otherwise than it is: quotes, backslashes, control characters, halves of characters. */
const SPECIAL = /["\\\p{Cc}\p{Cs}]/u
const escaped = (text: string): string => (SPECIAL.test(text) ? JSON.stringify(text).slice(1, -1) : text)
const quoted = (text: string): string => `"${escaped(text)}"`

/** 0.1235 for 1235: turning a fraction into text takes longer than all else. */
const scoreTexts = Array.from({ length: SCORE_UNITS + 1 }, (_, units) => String(units / SCORE_UNITS))
const scoreText = (units: number): string => scoreTexts[units] ?? String(units / SCORE_UNITS)
