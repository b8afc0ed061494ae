import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { checkNode } from '../../cli/check-machine.ts'
import { settingsFindings } from '../../cli/check-services.ts'
import { main } from '../../cli/main.ts'

const limits = { transactionTimeoutMs: 3_000, sessionTimeoutMs: 6_000 }

describe('doctor', () => {
  const settings: { name: string; value: string; isWell: boolean }[] = [
    { name: 'transaction.max.timeout.ms', value: '3000', isWell: true },
    { name: 'transaction.max.timeout.ms', value: '2999', isWell: false },
    { name: 'transaction.abort.timed.out.transaction.cleanup.interval.ms', value: '1000', isWell: true },
    { name: 'transaction.abort.timed.out.transaction.cleanup.interval.ms', value: '10000', isWell: false },
    { name: 'group.min.session.timeout.ms', value: '6000', isWell: true },
    { name: 'group.min.session.timeout.ms', value: '6001', isWell: false },
    { name: 'group.max.session.timeout.ms', value: '6000', isWell: true },
    { name: 'group.max.session.timeout.ms', value: '5999', isWell: false },
    { name: 'message.max.bytes', value: '1048588', isWell: true },
    { name: 'message.max.bytes', value: '100000', isWell: false },
  ]
  for (const { name, value, isWell } of settings)
    it(`${name}=${value} is ${isWell ? 'well' : 'a problem with a remedy'}`, () => {
      const [finding, ...more] = settingsFindings({ [name]: value }, limits)
      assert.equal(more.length, 0)
      assert.equal(finding?.isWell, isWell)
      assert.equal(finding?.remedy === undefined, isWell)
    })

  it('a setting the broker does not tell is no problem', () => assert.deepEqual(settingsFindings({}, limits), []))

  it('tells Node versions apart at 22.18', () => {
    assert.equal(checkNode('22.18.0').isWell, true)
    assert.equal(checkNode('22.17.9').isWell, false)
    assert.equal(checkNode('9.99.0').isWell, false)
  })

  const examine = async (env: Record<string, string>) => {
    const out: string[] = []
    const code = await main(
      ['doctor', '--json'],
      env,
      line => out.push(line),
      () => undefined,
    )
    const findings = out.map(line => JSON.parse(line) as { what: string; isWell: boolean; remedy?: string })
    return { code, findings: new Map(findings.map(one => [one.what, one])) }
  }

  it('finds nothing wrong on an empty directory, and leaves it empty', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'freshet-doctor-'))
    try {
      const { code, findings } = await examine({ FRESHET_DATA_DIR: directory, FRESHET_HTTP_PORT: '1' })
      assert.equal(code, 0)
      assert.equal(findings.get('data directory')?.isWell, true)
      assert.deepEqual(readdirSync(directory), [])
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  it('says what to do about each service that does not answer, and ends with 1', async () => {
    const { code, findings } = await examine({
      FRESHET_KAFKA_BROKERS: '127.0.0.1:1',
      FRESHET_REGISTRY_URL: 'http://127.0.0.1:1',
      FRESHET_REDIS_URL: 'redis://127.0.0.1:1',
      FRESHET_HTTP_PORT: '1',
    })
    assert.equal(code, 1)
    for (const what of ['Kafka', 'registry', 'Redis']) {
      assert.equal(findings.get(what)?.isWell, false, what)
      assert.match(findings.get(what)?.remedy ?? '', /start it/, what)
    }
  })
})
