import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { freePorts } from '../../../connectors/services/free-ports.ts'
import { isAlive } from '../../../connectors/services/is-alive.ts'
import { ensurePrograms } from '../../../connectors/services/programs.ts'
import { startServices } from '../../../connectors/services/start.ts'

const until = async (holds: () => boolean) => {
  while (!holds()) await wait(20)
}

describe('services', () => {
  it('a service is killed, stopped, continued and started again on its port, and leaves nothing behind', async () => {
    const { services, redisUrl, stop } = await startServices({ redis: true })
    const { redis } = services
    assert.ok(redis)
    const first = redis.pid
    await redis.kill('SIGSTOP')
    await redis.kill('SIGCONT')
    assert.equal(redis.pid, first)
    await redis.kill('SIGKILL')
    assert.equal(redis.pid, undefined)
    await redis.kill('SIGKILL')
    await redis.restart()
    assert.notEqual(redis.pid, first)
    assert.match(redisUrl, /^redis:\/\/127\.0\.0\.1:\d+$/)
    const last = redis.pid ?? 0
    await stop()
    assert.equal(isAlive(last), false)
  })

  it('a service dies with the process that started it, even by SIGKILL, and its data go', async () => {
    const module = new URL('../../../connectors/services/start.ts', import.meta.url)
    const code = `const { startServices } = await import('${module}')
      const { services } = await startServices({ redis: true })
      console.log(services.redis.pid)
      setInterval(() => {}, 1000)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(createInterface(parent.stdout), 'line')) as [string]
    const pid = Number(line)
    assert.equal(isAlive(pid, 'redis'), true)
    parent.kill('SIGKILL')
    await until(() => !isAlive(pid, 'redis'))
  })

  it('a program that is missing and cannot be installed is named with its package', async () => {
    const before = process.env.PATH
    process.env.PATH = import.meta.dirname // holds neither redis-server nor apt-get
    try {
      await assert.rejects(
        ensurePrograms(['redis-server'], () => undefined),
        {
          message: 'redis-server missing; install the Debian package redis-server or the like',
        },
      )
    } finally {
      process.env.PATH = before
    }
  })

  it('a process that has ended but was never reaped is not alive', async () => {
    const parent = spawn('sh', ['-c', 'true & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(createInterface(parent.stdout), 'line')) as [string]
    await until(() => !isAlive(Number(line)))
    assert.equal(isAlive(parent.pid ?? 0), true)
    parent.kill('SIGKILL')
  })

  it('free ports are different ones', async () => {
    const ports = await freePorts(20)
    assert.equal(new Set(ports).size, 20)
    assert.ok(ports.every(port => port > 0))
  })
})
