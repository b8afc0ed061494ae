/**
 * Popularity and item statistics once more, by SQL over the events that count: a third telling, in another language than the
 * processors and the recount. Of the counts by item and type it says how many events are missing, and how many are too many.
 */
import { DatabaseSync } from 'node:sqlite'
import type { FoldOptions } from '../../../processors/options.ts'
import type { Counted } from '../../../audit/admission.ts'
import type { Tables } from './tables.ts'

/** A counter of half-life h sums round(w · 2^((t − 8he)/h) · 2¹⁶) by epochs e = ⌊t / 8h⌋, of which the newest eight stay. */
const SCHEMA = `
  CREATE TABLE event (item TEXT, type TEXT, cell TEXT, half_units REAL, at_ms INTEGER);
  CREATE TABLE got_count (item TEXT, type TEXT, events INTEGER);
  CREATE TABLE got_sum (item TEXT, cell TEXT, speed TEXT, epoch INTEGER, units INTEGER);
  CREATE TABLE speed (name TEXT, half_life INTEGER);
  CREATE VIEW want_count AS SELECT item, type, count(*) AS events FROM event GROUP BY item, type;
  CREATE VIEW want_every_sum AS
    SELECT item, cell, name AS speed, at_ms / (8 * half_life) AS epoch,
      sum(round(half_units * power_of_2((at_ms % (8 * half_life)) * 1.0 / half_life) * 65536)) AS units
    FROM event, speed WHERE half_units > 0 GROUP BY item, cell, speed, epoch;
  CREATE VIEW want_sum AS
    SELECT item, cell, speed, epoch, CAST(units AS INTEGER) AS units FROM (
      SELECT *, max(epoch) OVER (PARTITION BY item, cell, speed) AS newest FROM want_every_sum)
    WHERE epoch > newest - 8;
`
const COUNTS = `
  SELECT coalesce(sum(max(0, wanted - got)), 0) AS lost, coalesce(sum(max(0, got - wanted)), 0) AS doubled FROM (
    SELECT item, type, sum(wanted) AS wanted, sum(got) AS got FROM (
      SELECT item, type, events AS wanted, 0 AS got FROM want_count
      UNION ALL SELECT item, type, 0, events FROM got_count)
    GROUP BY item, type)`
const SUMS = `
  SELECT item, cell, speed, epoch, sum(wanted) AS wanted, sum(got) AS got FROM (
    SELECT item, cell, speed, epoch, units AS wanted, 0 AS got FROM want_sum
    UNION ALL SELECT item, cell, speed, epoch, 0, units FROM got_sum)
  GROUP BY item, cell, speed, epoch HAVING sum(wanted) <> sum(got)`

export interface SqlCheck {
  /** Events that no counter holds, by item and type. */
  readonly lost: number
  /** Events that a counter holds and the log does not. */
  readonly doubled: number
  /** Sums of popularity that differ. */
  readonly wrong: readonly string[]
}

export function checkBySql(counted: readonly Counted[], tables: Tables, folds: FoldOptions): SqlCheck {
  const db = new DatabaseSync(':memory:')
  try {
    db.function('power_of_2', exponent => 2 ** Number(exponent))
    db.exec(SCHEMA)
    const speed = db.prepare('INSERT INTO speed VALUES (?, ?)')
    speed.run('slow', folds.popularHalfLifeMs)
    speed.run('fast', folds.trendingHalfLifeMs)
    db.exec('BEGIN')
    const event = db.prepare('INSERT INTO event VALUES (?, ?, ?, ?, ?)')
    for (const one of counted)
      for (const item of one.itemId === null ? one.shown : [one.itemId])
        event.run(item, one.type, `${one.country ?? ''}|${one.device ?? ''}`, one.halfUnits, one.atMs)
    const count = db.prepare('INSERT INTO got_count VALUES (?, ?, ?)')
    for (const { itemId, counts } of tables.itemFeatures.values())
      for (const [type, events] of Object.entries(counts)) count.run(itemId, type, events)
    const sum = db.prepare('INSERT INTO got_sum VALUES (?, ?, ?, ?, ?)')
    for (const { itemId, cells } of tables.popularity.values())
      for (const { country, device, slow, fast } of cells) {
        for (const { epoch, sum: units } of slow) sum.run(itemId, `${country}|${device}`, 'slow', epoch, units)
        for (const { epoch, sum: units } of fast) sum.run(itemId, `${country}|${device}`, 'fast', epoch, units)
      }
    db.exec('COMMIT')
    const { lost, doubled } = db.prepare(COUNTS).get() as { lost: number; doubled: number }
    const wrong = db
      .prepare(SUMS)
      .all()
      .map(
        row =>
          `popularity.v1 by SQL: ${row.item} ${row.cell} ${row.speed} ${row.epoch}: wanted ${row.wanted}, got ${row.got}`,
      )
    return { lost, doubled, wrong }
  } finally {
    db.close()
  }
}
