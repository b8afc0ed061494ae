import { IndefiniteError } from '../../../topology/log-port.ts'
import type { Planted } from './planted.ts'
import { withTransactors } from './transactors.ts'

export const lateIsSuccess: Planted = {
  what: 'A commit of which nobody knows whether it went in is taken for one that did.',
  within: 20,
  seed: 6,
  breaks: ['I1', 'I2', 'I3', 'I6', 'I7'],
  substitute: () => ({
    port: log =>
      withTransactors(log, transactor => async records => {
        try {
          return await transactor.commit(records)
        } catch (error) {
          if (error instanceof IndefiniteError) return new Map()
          throw error
        }
      }),
  }),
}
