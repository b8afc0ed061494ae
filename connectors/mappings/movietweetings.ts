/**
 * MovieTweetings: ratings 0 to 10 that people tweeted. 8 and more is a like, 5 to 7 a view, 4 and less a dislike; `value`
 * keeps the rating. Lines are `user::film::rating::unix seconds` and `film::title (year)::genre|genre`.
 */
import { join } from 'node:path'
import { type Interaction, interaction } from '../../schemas/interaction.ts'
import { type Item, item } from '../../schemas/item.ts'
import type { CatalogueRow, DataSet } from '../data-set.ts'
import { textLines } from '../text-lines.ts'
import { withDefaults } from '../with-defaults.ts'
import { byTime } from './by-time.ts'

export const movietweetings: DataSet = {
  name: 'movietweetings',
  about: 'film ratings from tweets: 8 and more a like, 5 to 7 a view, 4 and less a dislike',
  files: ['ratings.dat.gz', 'movies.dat.gz'],
  events,
  items,
}

interface Rating {
  readonly row: number
  readonly user: string
  readonly film: string
  readonly rating: number
  readonly atMs: number
}

async function* events(directory: string): AsyncGenerator<Interaction> {
  for (const { row, user, film, rating, atMs } of await byTime(ratings(join(directory, 'ratings.dat.gz')))) {
    const type = rating >= 8 ? 'like' : rating >= 5 ? 'view' : 'dislike'
    yield withDefaults(interaction, {
      eventId: `movietweetings:${row}#${type}`,
      userId: user,
      itemId: film,
      type,
      value: rating,
      occurredAt: atMs,
    })
  }
}

async function* ratings(path: string): AsyncGenerator<Rating> {
  let row = 0
  for await (const line of textLines(path)) {
    row++
    const [user = '', film = '', rating, seconds] = line.split('::')
    yield { row, user, film, rating: Number(rating), atMs: Number(seconds) * 1000 }
  }
}

async function* items(directory: string): AsyncGenerator<CatalogueRow<Item>> {
  let line = 0
  for await (const text of textLines(join(directory, 'movies.dat.gz'))) {
    line++
    const [id = '', name = '', genres = ''] = text.split('::')
    yield { line, id, value: film(name, genres) }
  }
}

/** @param name - `The Cheat (1915)` @param genres - `Drama|War`, may be empty */
export function film(name: string, genres: string): Item {
  const year = / \((\d{4})\)\s*$/.exec(name)
  return withDefaults(item, {
    title: year ? name.slice(0, year.index) : name.trim(),
    categories: genres.split('|').filter(genre => genre !== '' && genre !== '(no genres listed)'),
    // Films older than the epoch keep their year as a property only.
    publishedAt: year && Number(year[1]) >= 1970 ? Date.UTC(Number(year[1]), 0, 1) : null,
    properties: year ? { year: String(year[1]) } : {},
  })
}
