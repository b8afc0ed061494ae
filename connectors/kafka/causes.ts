/** What an error of kafkajs means, looked for in it and in its causes, since retries wrap what they gave up on. */

const INVALID_PRODUCER_EPOCH = 47
const PRODUCER_FENCED = 90 // newer than kafkajs's table, so it surfaces as an unknown code
const CONCURRENT_TRANSACTIONS = 51

/** True when another producer has taken the transactional id, or the broker has timed the transaction out. */
export const isFenced = (error: unknown): boolean => has(error, INVALID_PRODUCER_EPOCH) || has(error, PRODUCER_FENCED)

/** True while the broker still ends the transaction before. */
export const isConcurrent = (error: unknown): boolean => has(error, CONCURRENT_TRANSACTIONS)

// GROUP_LOAD_IN_PROGRESS, GROUP_COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR_FOR_GROUP
const COORDINATOR = [14, 15, 16]
/** True where a coordinator is starting or moving: the same call will do later. */
export const isCoordinatorLoading = (error: unknown): boolean => COORDINATOR.some(code => has(error, code))

// ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS
const REBALANCE = [22, 25, 27]
export const isRebalance = (error: unknown): boolean => REBALANCE.some(code => has(error, code))

// INVALID_TOPIC_EXCEPTION, MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE, INVALID_RECORD, POLICY_VIOLATION, authorization
const REFUSED = [10, 17, 18, 29, 30, 31, 44, 87]
/** True where the broker has refused what was sent and would refuse it again. */
export const isRefused = (error: unknown): boolean => REFUSED.some(code => has(error, code))

const AWAY = new Set([
  'KafkaJSBrokerNotFound',
  'KafkaJSConnectionClosedError',
  'KafkaJSConnectionError',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSRequestTimeoutError',
])
/** True where no broker answers, say because it is being restarted; kafkajs takes some of these for final. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return AWAY.has(error.name) || error.message === 'Broker not connected' || isAway(error.cause)
}

function has(error: unknown, code: number): boolean {
  if (!(error instanceof Error)) return false
  if ('code' in error && error.code === code) return true
  return error.message.endsWith(`Unknown error code ${code}`) || has(error.cause, code)
}

/** An error of one line for a log or a message: kafkajs's wrappers repeat their cause's message. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
