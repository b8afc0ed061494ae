/** The read API as the verbs call it. */
import type { Config } from '../topology/config.ts'

export const apiUrl = ({ httpHost, httpPort }: Pick<Config, 'httpHost' | 'httpPort'>): string =>
  `http://${['0.0.0.0', '::'].includes(httpHost) ? '127.0.0.1' : httpHost}:${httpPort}`

const TIMEOUT_MS = 10_000

/**
 * @param body - sent as JSON by POST; undefined is a GET
 * @returns the answer, that of 422 too: its body says what was refused
 * @throws where nobody answers, or with another failure
 */
export async function askApi(url: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  let response: Response
  try {
    response = await fetch(new URL(path, url), {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body !== undefined && {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        // Fields that are not given are left out: the API fills in the defaults.
        body: JSON.stringify(body, (_, value: unknown) => (value === null ? undefined : value)),
      }),
    })
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
    throw new Error(`no read API answers at ${url} (${cause}); start one with \`npm start\``, { cause: error })
  }
  const text = await response.text()
  if (!response.ok && response.status !== 422)
    throw new Error(`${url}${path}: ${response.status}: ${text.slice(0, 500)}`)
  return JSON.parse(text) as Record<string, unknown>
}
