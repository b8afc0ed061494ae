import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { cacheFolder } from '../../../connectors/services/cache.ts'
import { servicesDown, servicesStatus, servicesUp } from '../../../connectors/services/persistent.ts'

describe('services that stay', () => {
  // A cache of our own, so that services somebody has up are left alone; what was downloaded is shared.
  const downloads = cacheFolder()
  const home = mkdtempSync(join(tmpdir(), 'freshet-cache-'))
  process.env.XDG_CACHE_HOME = home
  mkdirSync(join(home, 'freshet'))
  for (const name of readdirSync(downloads)) {
    if (/^(kafka|apicurio)-/.test(name) && !/\.(part-|lock)/.test(name))
      symlinkSync(join(downloads, name), join(home, 'freshet', name))
  }
  const quiet = () => undefined
  after(async () => {
    await servicesDown()
    rmSync(home, { recursive: true })
  })

  it('none before the first up', async () => {
    assert.deepEqual(servicesStatus(), [])
    assert.deepEqual(await servicesDown(), [])
  })
  it('up starts three and leaves a whole set alone; down ends them and removes their data', async () => {
    const started = await servicesUp(quiet)
    assert.deepEqual(
      started.map(({ name, isRunning }) => [name, isRunning]),
      [
        ['kafka', true],
        ['registry', true],
        ['redis', true],
      ],
    )
    assert.deepEqual(await servicesUp(quiet), started)
    const redis = started.find(service => service.name === 'redis')
    process.kill(redis?.pid ?? 0, 'SIGKILL')
    while (servicesStatus().every(service => service.isRunning)) await new Promise(setImmediate)
    assert.deepEqual(
      (await servicesDown()).map(service => service.isRunning),
      [true, true, false],
    )
    assert.deepEqual(servicesStatus(), [])
    assert.deepEqual(
      readdirSync(join(home, 'freshet')).filter(name => name.startsWith('services')),
      [],
    )
  })
})
