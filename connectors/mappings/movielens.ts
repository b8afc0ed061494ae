/**
 * MovieLens (ml-latest-small and its larger sisters): ratings 0.5 to 5. 4 and more is a like, 2.5 to 3.5 a view, 2 and
 * less a dislike; `value` keeps the rating. Tags that people gave become the film's tags.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Interaction, interaction } from '../../schemas/interaction.ts'
import type { Item } from '../../schemas/item.ts'
import type { CatalogueRow, DataSet } from '../data-set.ts'
import { rowsOf } from '../rows.ts'
import { withDefaults } from '../with-defaults.ts'
import { byTime } from './by-time.ts'
import { goodRows } from './good-rows.ts'
import { film } from './movietweetings.ts'

export const movielens: DataSet = {
  name: 'movielens',
  about: 'film ratings: 4 and more a like, 2.5 to 3.5 a view, 2 and less a dislike',
  files: ['ratings.csv.gz', 'movies.csv.gz'],
  events,
  items,
}

async function* events(directory: string): AsyncGenerator<Interaction> {
  const rows = byTime(
    goodRows(join(directory, 'ratings.csv.gz'), (row, c) => ({
      row,
      user: c('userId'),
      film: c('movieId'),
      rating: Number(c('rating')),
      atMs: Number(c('timestamp')) * 1000,
    })),
  )
  for (const { row, user, film, rating, atMs } of await rows) {
    const type = rating >= 4 ? 'like' : rating >= 2.5 ? 'view' : 'dislike'
    yield withDefaults(interaction, {
      eventId: `movielens:${row}#${type}`,
      userId: user,
      itemId: film,
      type,
      value: rating,
      occurredAt: atMs,
    })
  }
}

async function* items(directory: string): AsyncGenerator<CatalogueRow<Item>> {
  const tags = await tagsByFilm(join(directory, 'tags.csv.gz'))
  for await (const row of rowsOf(join(directory, 'movies.csv.gz'))) {
    if ('problem' in row) yield row
    else {
      const id = String(row.columns.movieId)
      const value = film(String(row.columns.title), String(row.columns.genres))
      yield { line: row.line, id, value: { ...value, tags: [...(tags.get(id) ?? [])] } }
    }
  }
}

async function tagsByFilm(path: string): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const tags = new Map<string, Set<string>>()
  if (!existsSync(path)) return tags
  for await (const { id, tag } of goodRows(path, (_, c) => ({ id: c('movieId'), tag: c('tag').toLowerCase() })))
    tags.set(id, (tags.get(id) ?? new Set()).add(tag))
  return tags
}
