import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { ConfluentRegistry } from '../../../connectors/kafka/registry.ts'
import { FreshetError } from '../../../schemas/errors.ts'

const source = '{"type":"record","name":"R","fields":[]}'
const isAway = (error: unknown) => error instanceof FreshetError && error.code === 'REGISTRY_UNAVAILABLE'

/** A registry of one answer. */
async function answering(answer: RequestListener, ask: (registry: ConfluentRegistry) => Promise<void>): Promise<void> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    await ask(new ConfluentRegistry(`http://127.0.0.1:${port}/base/`, { timeoutMs: 100 }))
  } finally {
    server.closeAllConnections()
    server.close()
  }
}
const json =
  (status: number, body: unknown): RequestListener =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

describe('confluent registry', () => {
  const away: { name: string; answer: RequestListener }[] = [
    { name: 'closes the connection', answer: request => void request.destroy() },
    { name: 'never answers', answer: () => undefined },
    { name: 'is starting', answer: json(503, { message: 'starting' }) },
    { name: 'has a fault', answer: json(500, { error_code: 50001, message: 'backend store' }) },
    { name: 'has too much to do', answer: json(429, { message: 'slow down' }) },
    { name: 'does not let us in', answer: json(401, { message: 'who are you' }) },
    { name: 'is a gateway with a page of its own', answer: (_, response) => response.writeHead(400).end('<html>') },
  ]
  for (const { name, answer } of away) {
    it(`one that ${name} is away`, () =>
      answering(answer, async registry => {
        await assert.rejects(registry.fetch(1), isAway)
        await assert.rejects(registry.register('r-value', source), isAway)
      }))
  }

  it('one that is not there is away, with its address in the message', async () => {
    const registry = new ConfluentRegistry('http://127.0.0.1:1/apis/ccompat/v7')
    await assert.rejects(registry.fetch(1), /127\.0\.0\.1:1\/apis\/ccompat\/v7: .*ECONNREFUSED/)
    await assert.rejects(registry.register('r-value', source), isAway)
  })
  it('40403 is an unknown id', () =>
    answering(json(404, { error_code: 40403, message: 'Schema not found' }), async registry => {
      assert.equal(await registry.fetch(7), undefined)
    }))
  it('a schema of another kind is text that no reader takes for Avro', () =>
    answering(json(200, { schemaType: 'PROTOBUF', schema: 'syntax = "proto3"; message M {}' }), async registry => {
      const text = (await registry.fetch(7)) ?? ''
      assert.throws(() => JSON.parse(text))
    }))
  it('a subject with another compatibility is refused, not changed', async () => {
    const asked: string[] = []
    const answer: RequestListener = (request, response) => {
      asked.push(`${request.method} ${request.url}`)
      json(200, { compatibilityLevel: 'FULL' })(request, response)
    }
    await answering(answer, async registry => {
      await assert.rejects(registry.register('r.v1-value', source), /r\.v1-value: .*BACKWARD != FULL/)
    })
    assert.deepEqual(asked, ['GET /base/config/r.v1-value'])
  })
  it('sends the name and password of its address', () => {
    let authorization: string | undefined
    const answer: RequestListener = (request, response) => {
      authorization = request.headers.authorization
      json(404, { message: 'none' })(request, response)
    }
    return answering(answer, async plain => {
      await plain.fetch(1)
      assert.equal(authorization, undefined)
    }).then(async () => {
      const server = createServer(answer).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      await new ConfluentRegistry(`http://me:a%3Ab@127.0.0.1:${port}/`).fetch(1)
      server.closeAllConnections()
      server.close()
      assert.equal(authorization, `Basic ${Buffer.from('me:a:b').toString('base64')}`)
    })
  })
})
