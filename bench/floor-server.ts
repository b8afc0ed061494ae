/**
 * The floor F2: node:http, one Redis read of two fields, a static body. Redis is spoken to with as little as can be: one write a
 * turn, replies counted and thrown away. `read.ts` starts it with the URL of Redis, the namespace and the body.
 */
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { userKeyOf } from '../schemas/keys.ts'

const [url = '', namespace = '', text = ''] = process.argv.slice(2)
const { hostname, port } = new URL(url)
const body = Buffer.from(text)
const USER = /^\/v1\/users\/([^/]+)\/recommendations/

const socket = connect(Number(port), hostname)
socket.setNoDelay(true)
const asked: (() => void)[] = []
let unsent: string[] = []

function read(key: string, done: () => void): void {
  if (unsent.length === 0)
    setImmediate(() => {
      socket.write(unsent.join(''))
      unsent = []
    })
  unsent.push(`*4\r\n$5\r\nHMGET\r\n$${Buffer.byteLength(key)}\r\n${key}\r\n$1\r\nc\r\n$1\r\ns\r\n`)
  asked.push(done)
}

/** What has come of replies that are not whole yet. */
let held = Buffer.alloc(0)
socket.on('data', chunk => {
  held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
  for (let end = endOfReply(held, 0); end > 0; end = endOfReply(held, 0)) {
    held = held.subarray(end)
    asked.shift()?.()
  }
})

/** @returns where the reply that starts at `from` ends, 0 where it is not whole */
function endOfReply(bytes: Buffer, from: number): number {
  let at = bytes.indexOf('\n', from) + 1
  for (let field = 0; field < 2; field++) {
    const line = bytes.indexOf('\n', at) + 1
    if (at === 0 || line === 0) return 0
    const length = Number(bytes.toString('latin1', at + 1, line - 2))
    at = length < 0 ? line : line + length + 2
    if (at > bytes.length) return 0
  }
  return at
}

const server = createServer((request, response) => {
  const user = USER.exec(request.url ?? '')?.[1] ?? ''
  read(userKeyOf(namespace, `u:${user}`), () => {
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length })
    response.end(body)
  })
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit(0))
