import type { Planted } from './planted.ts'

export const noVersions: Planted = {
  what: 'Redis takes whatever comes, newer or not.',
  within: 50,
  seed: 24,
  breaks: ['I4'],
  substitute: () => ({ redis: { isVersioned: false } }),
}
