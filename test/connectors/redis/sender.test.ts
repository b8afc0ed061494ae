/** Against a peer of a few lines, which answers when and what a test says. */
import assert from 'node:assert/strict'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { Redis } from 'ioredis'
import { Sender } from '../../../connectors/redis/sender.ts'

const heard: string[] = []
const sockets = new Set<Socket>()
/** What the peer answers to one command; undefined is silence. */
let answer: (request: string) => string | undefined
const server = createServer(socket => {
  sockets.add(socket)
  socket.on('error', () => undefined)
  socket.on('data', data => {
    heard.push(data.toString())
    for (const request of data.toString().split('*').slice(1)) {
      const text = answer(request)
      if (text !== undefined) socket.write(text)
    }
  })
})
await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
const clients: Redis[] = []
after(() => {
  for (const client of clients) client.disconnect()
  for (const socket of sockets) socket.destroy()
  server.close()
})

async function connect(): Promise<Redis> {
  answer = () => '+OK\r\n' // to what the client introduces itself with
  const client = new Redis({
    port: (server.address() as AddressInfo).port,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: null,
    disconnectTimeout: 10,
    retryStrategy: () => 1,
    lazyConnect: true,
  })
  client.on('error', () => undefined)
  clients.push(client)
  await client.connect()
  await client.ping()
  heard.length = 0
  return client
}

test('what is asked within one turn goes out in one write, and each caller gets their own answers', async () => {
  const sender = new Sender(await connect(), 60_000)
  let count = 0
  answer = () => `:${count++}\r\n`
  const got = await Promise.all([sender.send([['A'], ['B']]), sender.send([]), sender.send([['C']])])
  assert.deepEqual(got, [[0, 1], [], [2]])
  assert.deepEqual(heard, ['*1\r\n$1\r\nA\r\n*1\r\n$1\r\nB\r\n*1\r\n$1\r\nC\r\n'])
})

test('an error is the answer to one command, not to its neighbours; texts come as texts, nothing as null', async () => {
  const sender = new Sender(await connect(), 60_000)
  const answers = ['-WRONGTYPE no\r\n', '$2\r\nok\r\n', '$-1\r\n']
  answer = () => answers.shift()
  const [error, ...others] = await sender.send([['A'], ['B'], ['C']])
  assert.ok(error instanceof Error && error.message === 'WRONGTYPE no')
  assert.deepEqual(others, ['ok', null])
})

test('a connection that breaks answers everything with errors, and the next one carries what is asked then', async () => {
  const client = await connect()
  const sender = new Sender(client, 60_000)
  answer = () => {
    for (const socket of sockets) socket.destroy()
    return undefined
  }
  const lost = await sender.send([['A'], ['B']])
  assert.ok(lost.length === 2 && lost.every(reply => reply instanceof Error))
  const [away] = await sender.send([['C']])
  assert.ok(away instanceof Error, 'nothing waits for a connection')
  answer = () => '+OK\r\n'
  while (client.status !== 'ready') await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(await sender.send([['D']]), ['OK'])
})

test('what was asked over one connection does not go out over the next', async () => {
  const client = await connect()
  const sender = new Sender(client, 60_000)
  const asked = sender.send([['LATE']])
  client.emit('close') // before the turn is over
  const [reply] = await asked
  assert.ok(reply instanceof Error)
  answer = () => '+OK\r\n'
  assert.deepEqual(await sender.send([['NEXT']]), ['OK'])
  assert.deepEqual(heard, ['*1\r\n$4\r\nNEXT\r\n'])
})

test('a peer that stays silent is given up at the deadline', async () => {
  const sender = new Sender(await connect(), 20)
  answer = () => undefined
  await assert.rejects(sender.ask('A'))
})
