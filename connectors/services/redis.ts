/** A Redis without persistence: a restart is empty. */
import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { ensurePrograms } from './programs.ts'
import type { Say } from './run-with-say.ts'
import type { Command } from './service.ts'

/** @param folder - for its log; created where it is missing */
export async function redis(folder: string, port: number, say: Say): Promise<Command> {
  await ensurePrograms(['redis-server'], say)
  mkdirSync(folder, { recursive: true })
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
  return {
    name: 'redis',
    file: 'redis-server',
    args,
    sign: `:${port}`, // it rewrites its own command line to `redis-server 127.0.0.1:6379`
    logFile: join(folder, 'redis.log'),
    isReady: () => pongs(port),
  }
}

function pongs(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(port, '127.0.0.1')
  socket.setTimeout(2_000, () => socket.destroy())
  socket.on('connect', () => socket.write('PING\r\n'))
  socket.on('data', chunk => {
    resolve(chunk.toString('latin1').startsWith('+PONG'))
    socket.destroy()
  })
  socket.on('error', () => undefined) // 'close' follows
  socket.on('close', () => resolve(false))
  return promise
}
