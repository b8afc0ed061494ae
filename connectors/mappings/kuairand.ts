/**
 * KuaiRand-Pure: what a video app showed and what came of it. An exposure is an impression of one item; a click is a click;
 * a long view is a view with the time watched and the share of the video; a like is a like, a hate a dislike. Rows that
 * repeat an earlier one exactly are left out and counted.
 */
import { join } from 'node:path'
import { type Interaction, interaction } from '../../schemas/interaction.ts'
import { type Item, item } from '../../schemas/item.ts'
import type { CatalogueRow, DataSet, LeftOut } from '../data-set.ts'
import { rowsOf } from '../rows.ts'
import { withDefaults } from '../with-defaults.ts'
import { byTime } from './by-time.ts'
import { goodRows } from './good-rows.ts'

const LOG = 'log_standard_4_25_to_5_08_pure.csv.gz'
const VIDEOS = 'video_features_basic_pure.csv.gz'

export const kuairand: DataSet = {
  name: 'kuairand',
  about: 'exposures of a video app: impressions, clicks, long views as views with completion, likes, hates as dislikes',
  files: [LOG, VIDEOS],
  events,
  items,
}

interface Exposure {
  readonly row: number
  readonly user: string
  readonly video: string
  readonly atMs: number
  readonly playMs: number
  readonly lengthMs: number
  readonly tab: string
  readonly types: readonly string[]
}

async function* exposures(path: string, leftOut: LeftOut): AsyncGenerator<Exposure> {
  const seen = new Set<string>()
  yield* goodRows(path, (row, c): Exposure | undefined => {
    const flags = ['is_click', 'is_like', 'is_follow', 'is_comment', 'is_forward', 'is_hate', 'long_view'].map(c)
    const figures = [
      'play_time_ms',
      'duration_ms',
      'is_rand',
      'profile_stay_time',
      'comment_stay_time',
      'is_profile_enter',
      'tab',
    ].map(c)
    const whole = [c('user_id'), c('video_id'), c('date'), c('hourmin'), c('time_ms'), ...flags, ...figures].join()
    if (seen.has(whole)) {
      leftOut.set('repeats an earlier row', (leftOut.get('repeats an earlier row') ?? 0) + 1)
      return undefined
    }
    seen.add(whole)
    const types = ['impression']
    if (flags[0] === '1') types.push('click')
    if (flags[6] === '1') types.push('view')
    if (flags[1] === '1') types.push('like')
    if (flags[5] === '1') types.push('dislike')
    return {
      row,
      user: c('user_id'),
      video: c('video_id'),
      atMs: Number(c('time_ms')),
      playMs: Number(c('play_time_ms')),
      lengthMs: Number(c('duration_ms')),
      tab: c('tab'),
      types,
    }
  })
}

async function* events(directory: string, leftOut: LeftOut): AsyncGenerator<Interaction> {
  for (const { row, user, video, atMs, playMs, lengthMs, tab, types } of await byTime(
    exposures(join(directory, LOG), leftOut),
  ))
    for (const type of types) {
      const isImpression = type === 'impression'
      const isView = type === 'view'
      yield withDefaults(interaction, {
        eventId: `kuairand:${row}#${type}`,
        userId: user,
        itemId: isImpression ? null : video,
        items: isImpression ? [{ itemId: video, position: null }] : [],
        type,
        dwellMs: isView ? playMs : null,
        completion: isView && lengthMs > 0 ? Math.min(1, playMs / lengthMs) : null, // a video that loops is watched once
        surface: `tab-${tab}`,
        occurredAt: atMs,
      })
    }
}

async function* items(directory: string): AsyncGenerator<CatalogueRow<Item>> {
  for await (const row of rowsOf(join(directory, VIDEOS))) {
    if ('problem' in row) {
      yield row
      continue
    }
    const text = (column: string) => String(row.columns[column] ?? '')
    const uploadedAt = Date.parse(`${text('upload_dt')}T00:00:00Z`)
    yield {
      line: row.line,
      id: text('video_id'),
      value: withDefaults(item, {
        title: `video ${text('video_id')}`,
        creator: text('author_id'),
        categories: text('tag')
          .split(',')
          .filter(tag => tag !== '')
          .map(tag => `tag-${tag}`),
        durationMs: text('video_duration') === '' ? null : Math.round(Number(text('video_duration'))),
        publishedAt: Number.isNaN(uploadedAt) ? null : uploadedAt,
        properties: { type: text('video_type'), upload: text('upload_type'), music: text('music_id') },
      }),
    }
  }
}
