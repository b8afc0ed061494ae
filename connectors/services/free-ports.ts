import { createServer, type Server } from 'node:net'
import { once } from 'node:events'

/** @returns `count` different free ports of the loopback; held all at once, so no two are the same */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen(0)))
  return Promise.all(servers.map(free))
}

/** @returns `port` where it is free, else another */
export async function freePortNear(port: number): Promise<number> {
  return listen(port)
    .catch(() => listen(0))
    .then(free)
}

async function listen(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function free(server: Server): Promise<number> {
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}
