import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  isAway,
  isConcurrent,
  isCoordinatorLoading,
  isFenced,
  isRebalance,
  isRefused,
} from '../../../connectors/kafka/causes.ts'

const coded = (code: number, message = 'from the broker') => Object.assign(new Error(message), { code })
const named = (name: string) => Object.assign(new Error('lost'), { name })
const wrapped = (cause: Error) => new Error('gave up', { cause })

const cases: { name: string; ask: (error: unknown) => boolean; error: unknown; is: boolean }[] = [
  { name: 'INVALID_PRODUCER_EPOCH is fenced', ask: isFenced, error: coded(47), is: true },
  { name: 'also inside of what a retry gave up with', ask: isFenced, error: wrapped(wrapped(coded(47))), is: true },
  {
    name: 'PRODUCER_FENCED is not in the table of kafkajs',
    ask: isFenced,
    error: coded(-99, 'Unknown error code 90'),
    is: true,
  },
  { name: 'another unknown code is not fenced', ask: isFenced, error: coded(-99, 'Unknown error code 190'), is: false },
  { name: 'a timeout is not fenced', ask: isFenced, error: new Error('timed out'), is: false },
  { name: 'a string is no error of the broker', ask: isFenced, error: 'fenced', is: false },
  { name: 'CONCURRENT_TRANSACTIONS', ask: isConcurrent, error: coded(51), is: true },
  { name: 'GROUP_LOAD_IN_PROGRESS', ask: isCoordinatorLoading, error: wrapped(coded(14)), is: true },
  { name: 'ILLEGAL_GENERATION', ask: isRebalance, error: coded(22), is: true },
  { name: 'MESSAGE_TOO_LARGE', ask: isRefused, error: coded(10), is: true },
  {
    name: 'a coordinator that nobody finds is away',
    ask: isAway,
    error: named('KafkaJSGroupCoordinatorNotFound'),
    is: true,
  },
  { name: 'a lost connection is away', ask: isAway, error: wrapped(named('KafkaJSConnectionClosedError')), is: true },
  { name: 'a broker object without a connection', ask: isAway, error: new Error('Broker not connected'), is: true },
  { name: 'a defect is not away', ask: isAway, error: new TypeError('undefined is not'), is: false },
  { name: 'a lost connection may be tried again', ask: isRefused, error: coded(7), is: false },
]
for (const { name, ask, error, is } of cases) test(`causes: ${name}`, () => assert.equal(ask(error), is))
