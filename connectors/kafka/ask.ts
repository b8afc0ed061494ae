import { CORRELATION_ID_AT, FrameReader, type FrameWriter } from './frame.ts'
import type { Answer, Broker } from './internals.ts'

/**
 * A request that kafkajs has too, in the same version, encoded in one go: there it takes some ten buffers, several promises
 * and two calls of `require`.
 */
export interface Request<T> {
  readonly apiKey: number
  readonly apiVersion: number
  readonly apiName: string
  /** kafkajs keeps two connections to a broker: 1 is for fetches, which may wait at the broker. */
  readonly connection: 0 | 1
  /** The body. */
  write(frame: FrameWriter): void
  /** @param throttle - to be told for how long the broker wants to be spared, ms. @throws the error that was answered */
  read(answer: FrameReader, throttle: (ms: number) => void): T
}

/**
 * Asks over a connection of kafkajs, which connects, authenticates and times out.
 * @param frame - not in use by another request; given up with every error, since it may still be on its way out
 */
export async function ask<T>(broker: Broker, request: Request<T>, frame: FrameWriter): Promise<T> {
  const { apiKey, apiVersion, apiName } = request
  const connection = await broker.connectionPool.getConnection(request.connection)
  if (connection.sasl && !connection.isAuthenticated()) await connection.authenticate()
  connection.failIfNotConnected()
  const known = broker.versions?.[apiKey]
  if (known && (known.maxVersion < apiVersion || known.minVersion > apiVersion)) {
    throw new Error(
      `${apiName}: wanted version ${apiVersion}, the broker has ${known.minVersion} to ${known.maxVersion}`,
    )
  }
  request.write(frame.begin(apiKey, apiVersion, connection.clientId))
  const bytes = frame.end()
  const correlationId = connection.nextCorrelationId()
  bytes.writeInt32BE(correlationId, CORRELATION_ID_AT)
  let answer: Answer
  try {
    answer = await new Promise<Answer>((resolve, reject) =>
      connection.requestQueue.push({
        entry: { apiKey, apiName, apiVersion, correlationId, resolve, reject },
        expectResponse: true,
        requestTimeout: null,
        sendRequest: () => connection.socket.write(bytes),
      }),
    )
  } catch (error) {
    if (error instanceof Error && error.name === 'KafkaJSConnectionClosedError') await broker.disconnect()
    throw error
  }
  return request.read(new FrameReader(answer.payload), ms => connection.requestQueue.maybeThrottle(ms))
}
