/** The click sessions shipped with Serenade: no users, so a session is an anonymous visitor of its own. Every row is a click. */
import { join } from 'node:path'
import { type Interaction, interaction } from '../../schemas/interaction.ts'
import type { DataSet } from '../data-set.ts'
import { withDefaults } from '../with-defaults.ts'
import { byTime } from './by-time.ts'
import { goodRows } from './good-rows.ts'

const FILES = ['train.txt.gz', 'valid.txt.gz', 'test.txt.gz'] as const

export const serenadeSessions: DataSet = {
  name: 'serenade-sessions',
  about: 'click sessions of a shop: each session an anonymous visitor, each row a click',
  files: FILES,
  events,
}

async function* clicks(directory: string) {
  for (const file of FILES)
    yield* goodRows(join(directory, file), (row, c) => ({
      id: `${file.slice(0, file.indexOf('.'))}-${row}`,
      session: c('SessionId'),
      item: c('ItemId'),
      atMs: Math.round(Number(c('Time')) * 1000),
    }))
}

async function* events(directory: string): AsyncGenerator<Interaction> {
  for (const { id, session, item, atMs } of await byTime(clicks(directory)))
    yield withDefaults(interaction, {
      eventId: `serenade-sessions:${id}#click`,
      anonymousId: session,
      sessionId: session,
      itemId: item,
      type: 'click',
      occurredAt: atMs,
    })
}
