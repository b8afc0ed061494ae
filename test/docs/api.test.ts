/** docs/api.md against /openapi.json, both ways, and against the tables of the server. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, describe, it } from 'node:test'
import { pino } from 'pino'
import { ProcessView } from '../../connectors/process-view.ts'
import { errors } from '../../schemas/errors.ts'
import { buildServer } from '../../server/app.ts'
import { leavesOut } from '../../server/filters.ts'
import { ServerMetrics } from '../../server/metrics.ts'
import { blocksOf, pageOf, tableRows } from './page.ts'

interface Operation {
  readonly summary: string
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly requestBody?: {
    content: { 'application/json': { schema: { properties?: Readonly<Record<string, unknown>> } } }
  }
  readonly responses: Readonly<Record<string, { content: { 'application/json': { schema: AnswerSchema } } }>>
}
interface AnswerSchema {
  readonly properties?: Readonly<Record<string, unknown>>
}

const PAGE = 'docs/api.md'
const bare = (cell = '') => cell.replaceAll('`', '')

describe(PAGE, async () => {
  const app = buildServer({
    view: new ProcessView({ now: Date.now }),
    config: { interactionTypes: ['view'] },
    metrics: new ServerMetrics(),
    logger: pino({ level: 'silent' }),
  })
  after(() => app.close())
  const { paths } = (await app.inject('/openapi.json')).json<{ paths: Record<string, Record<string, Operation>> }>()
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )

  it('states every path of the OpenAPI document with its summary, and no other', () => {
    assert.deepEqual(
      tableRows(PAGE, 'method').map(([method, path, summary]) => [method, bare(path), summary]),
      operations.map(({ method, path, operation }) => [method, path, operation.summary]),
    )
  })

  it('states every parameter and body field, and no other', () => {
    const known = operations.flatMap(({ operation }) => [
      ...(operation.parameters ?? []).filter(one => one.in === 'query').map(one => one.name),
      ...Object.keys(operation.requestBody?.content['application/json'].schema.properties ?? {}),
    ])
    const stated = tableRows(PAGE, 'parameter').flatMap(([names]) => bare(names).split(', '))
    assert.deepEqual(stated.toSorted(), [...new Set(known)].toSorted())
  })

  it('states every field of an answer, and no other', () => {
    const schema =
      paths['/v1/users/{userId}/recommendations']?.get?.responses['200']?.content['application/json'].schema
    assert.deepEqual(
      tableRows(PAGE, 'field of the answer').map(([name]) => bare(name)),
      Object.keys(schema?.properties ?? {}).toSorted(byPage),
    )
    function byPage(a: string, b: string) {
      return pageOf(PAGE).indexOf(`| \`${a}\` |`) - pageOf(PAGE).indexOf(`| \`${b}\` |`)
    }
  })

  it('states what each surface leaves out', () => {
    assert.deepEqual(
      tableRows(PAGE, 'surface').map(([name, known]) => [bare(name), known]),
      Object.entries(leavesOut).map(([name, known]) => [name, known.join(', ')]),
    )
  })

  it('names rungs and reasons that the server knows', () => {
    const folder = new URL('../../server/', import.meta.url)
    const code = readdirSync(folder).map(file => readFileSync(new URL(file, folder), 'utf8'))
    for (const head of ['rung', 'degraded'])
      for (const [name] of tableRows(PAGE, head)) assert(code.join('').includes(`'${bare(name)}'`), `${name}`)
  })

  it('names codes that exist, and examples whose paths answer', async () => {
    for (const code of pageOf(PAGE).match(/`[A-Z]+_[A-Z_]+`/g) ?? [])
      assert(Object.hasOwn(errors, bare(code)) || code.startsWith('`FRESHET_'), code)
    const commands = blocksOf(PAGE)
      .filter(block => block.language === 'sh')
      .flatMap(block => block.text.split('\n'))
    for (const command of commands) {
      const url = new URL(/http:\S+?(?=['\s]|$)/.exec(command)?.[0] ?? '')
      const payload = /-d '([^']*)'/.exec(command)?.[1]
      const answer = await app.inject({
        url: url.pathname + url.search,
        ...(payload !== undefined && { method: 'POST', payload, headers: { 'content-type': 'application/json' } }),
      })
      const isWrite = url.pathname === '/v1/events' // this server has no log
      assert.equal(answer.statusCode, isWrite ? 422 : 200, `${command}: ${answer.body}`)
    }
  })
})
