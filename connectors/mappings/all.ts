/** The data sets that are ready to import and replay, by name. */
import type { DataSet } from '../data-set.ts'
import { kuairand } from './kuairand.ts'
import { movielens } from './movielens.ts'
import { movietweetings } from './movietweetings.ts'
import { onlineRetail } from './online-retail-ii.ts'
import { retailrocket } from './retailrocket.ts'
import { serenadeSessions } from './serenade-sessions.ts'

export const dataSets: ReadonlyMap<string, DataSet> = new Map(
  [movietweetings, movielens, onlineRetail, serenadeSessions, kuairand, retailrocket].map(one => [one.name, one]),
)
