import type { Planted } from './planted.ts'
import { withProgress } from './transactors.ts'

export const pendingForgotten: Planted = {
  what: 'The progress says that every coalesced table is published, so a restore looks for none that is not.',
  within: 20,
  seed: 6,
  breaks: ['I2', 'V'],
  substitute: () => ({ port: log => withProgress(log, progress => ({ ...progress, publishedUpTo: 'all' })) }),
}
