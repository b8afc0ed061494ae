/** Whatever goes wrong, the answer is `{code, message}` with a code of schemas/errors.ts. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { FastifySchemaValidationError } from 'fastify/types/schema.js'
import { type ErrorCode, errors, FreshetError } from '../schemas/errors.ts'
import { idProblem } from '../schemas/ids.ts'

const statuses: Partial<Record<ErrorCode, number>> = { NOT_FOUND: 404, BODY_TOO_LARGE: 413, BATCH_TOO_LARGE: 413 }
const RETRY_AFTER_SECONDS = 1

export interface Failure {
  readonly status: number
  readonly code: ErrorCode
  readonly message: string
}

export function failureOf(error: unknown): Failure {
  if (error instanceof FreshetError) {
    const byFate = errors[error.code].fate === 'retry' ? 503 : 400
    return { status: statuses[error.code] ?? byFate, code: error.code, message: error.message }
  }
  const { code, statusCode, message, validation } = error as Partial<FastifyError>
  if (validation) return { status: 400, code: 'INVALID_QUERY', message: sentenceOf(validation[0], message) }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return { status: 413, code: 'BODY_TOO_LARGE', message: message ?? '' }
  if (
    error instanceof SyntaxError ||
    code === 'FST_ERR_CTP_EMPTY_JSON_BODY' ||
    code === 'FST_ERR_CTP_INVALID_JSON_BODY'
  )
    return { status: 400, code: 'INVALID_JSON', message: `the body is not JSON: ${message}` }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return { status: statusCode, code: 'INVALID_QUERY', message: message ?? '' }
  return { status: 500, code: 'HANDLER_FAILED', message: errors.HANDLER_FAILED.means }
}

/** `limit: must be >= 1, got 0`; `limt: no such parameter or field`. */
function sentenceOf(problem: FastifySchemaValidationError | undefined, standard = ''): string {
  if (!problem) return standard
  const { keyword, instancePath, params, message } = problem
  const field = instancePath.slice(1).replaceAll('/', '.')
  if (keyword === 'additionalProperties') return `${params.additionalProperty}: no such parameter or field`
  if (keyword === 'required') return `${params.missingProperty}: wanted a value, got none`
  const got = 'data' in problem ? `, got ${JSON.stringify(problem.data)?.slice(0, 60)}` : ''
  return `${field || 'the body'}: ${message}${got}`
}

export function answerFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { status, code, message } = failureOf(error)
  if (status === 500) request.log.error({ err: error }, 'a request failed')
  if (status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS)
  reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify({ code, message }))
}

export function answerUnknownPath(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? ''
    const shown = path.length > 100 ? `${path.slice(0, 100)}…` : path
    answerFailure(new FreshetError('NOT_FOUND', `no such path: ${request.method} ${shown}`), request, reply)
  })
}

/** @throws FreshetError INVALID_ID naming the field */
export function checkId(name: string, value: string): string {
  const problem = idProblem(value)
  if (problem) throw new FreshetError('INVALID_ID', `${name}: ${problem}`)
  return value
}
