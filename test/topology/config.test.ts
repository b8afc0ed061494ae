import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { defaultFolds } from '../../processors/options.ts'
import { FreshetError } from '../../schemas/errors.ts'
import { loadConfig } from '../../topology/config.ts'
import { configurationDocument } from '../../topology/config-document.ts'
import { configOptions, environmentName } from '../../topology/config-options.ts'

const problemsOf = (env: Record<string, string>, file?: string): string => {
  try {
    loadConfig(env, file)
  } catch (error) {
    assert.ok(error instanceof FreshetError)
    assert.equal(error.code, 'INVALID_CONFIG')
    return error.message
  }
  return ''
}

describe('configuration', () => {
  it('is the defaults where nothing is set', () => {
    const config = loadConfig({ PATH: '/bin' })
    assert.equal(config.httpPort, 8080)
    assert.equal(config.dataDir, '.freshet')
    assert.equal(config.namespace, 'freshet')
    assert.equal(config.isEmbedded, true)
    assert.equal(config.partitions, 1)
    assert.deepEqual(config.folds, defaultFolds)
  })

  it('has four partitions on Kafka', () => {
    const config = loadConfig({ FRESHET_KAFKA_BROKERS: 'a:9092, b:9092', FRESHET_REGISTRY_URL: 'http://r:8081/' })
    assert.deepEqual(config.kafkaBrokers, ['a:9092', 'b:9092'])
    assert.equal(config.registryUrl, 'http://r:8081')
    assert.equal(config.partitions, 4)
    assert.equal(config.isEmbedded, false)
  })

  it('is frozen through and through', () => {
    const config = loadConfig({ FRESHET_WEIGHTS: '{"view":1}' })
    for (const part of [config, config.folds, config.folds.weights, config.kafkaBrokers])
      assert.ok(Object.isFrozen(part))
    assert.deepEqual(config.folds.weights, { view: 1 })
  })

  it('reports every problem at once', () => {
    const message = problemsOf({ FRESHET_HTTP_PORT: '99999', FRESHET_NAMESPACE: 'Shop!', FRESHET_HTTP_PROT: '1' })
    assert.match(message, /^3 options are not right/)
    assert.match(message, /FRESHET_HTTP_PORT: wanted an integer, 0 to 65,535, got "99999"/)
    assert.match(message, /FRESHET_NAMESPACE: wanted .* got "Shop!"/)
    assert.match(message, /FRESHET_HTTP_PROT: no such option; did you mean FRESHET_HTTP_PORT\?/)
  })

  const wrong: { name: string; env: Record<string, string>; says: RegExp }[] = [
    { name: 'a port with letters', env: { FRESHET_HTTP_PORT: '80a' }, says: /got "80a"/ },
    { name: 'half a port', env: { FRESHET_HTTP_PORT: '80.5' }, says: /an integer/ },
    { name: 'one past the greatest port', env: { FRESHET_HTTP_PORT: '65536' }, says: /65,535/ },
    { name: 'a flag that is neither', env: { FRESHET_DURABLE: 'yes' }, says: /true or false, got "yes"/ },
    {
      name: 'a broker without port',
      env: { FRESHET_KAFKA_BROKERS: 'kafka', FRESHET_REGISTRY_URL: 'http://r' },
      says: /host:port/,
    },
    {
      name: 'Kafka without registry',
      env: { FRESHET_KAFKA_BROKERS: 'k:1' },
      says: /FRESHET_REGISTRY_URL: wanted with/,
    },
    {
      name: 'a registry without Kafka',
      env: { FRESHET_REGISTRY_URL: 'http://r' },
      says: /FRESHET_KAFKA_BROKERS is not/,
    },
    { name: 'a Redis URL of another scheme', env: { FRESHET_REDIS_URL: 'http://r' }, says: /redis:\/\/…/ },
    { name: 'partitions without Kafka', env: { FRESHET_PARTITIONS: '2' }, says: /embedded log has one partition/ },
    { name: 'a weight of a third', env: { FRESHET_WEIGHTS: '{"view":0.3}' }, says: /multiples of 0.5/ },
    { name: 'weights without a positive one', env: { FRESHET_WEIGHTS: '{"skip":-1}' }, says: /at least one above 0/ },
    { name: 'weights that are not JSON', env: { FRESHET_WEIGHTS: 'view=1' }, says: /JSON object/ },
    {
      name: 'a gap above the latest commit',
      env: { FRESHET_COMMIT_GAP_MS: '200' },
      says: /FRESHET_COMMIT_GAP_MS \(200\)/,
    },
    {
      name: 'an item commit near the transaction timeout',
      env: { FRESHET_ITEM_COMMIT_MS: '1501' },
      says: /twice FRESHET_ITEM_COMMIT_MS/,
    },
    {
      name: 'trending as slow as popular',
      env: { FRESHET_TRENDING_HALF_LIFE_MS: String(7 * 86_400_000) },
      says: /must be below/,
    },
    {
      name: 'a login without mechanism',
      env: { FRESHET_KAFKA_BROKERS: 'k:1', FRESHET_REGISTRY_URL: 'http://r', FRESHET_KAFKA_SASL_USERNAME: 'u' },
      says: /need FRESHET_KAFKA_SASL_MECHANISM/,
    },
    {
      name: 'a client certificate without key',
      env: {
        FRESHET_KAFKA_BROKERS: 'k:1',
        FRESHET_REGISTRY_URL: 'http://r',
        FRESHET_KAFKA_TLS: 'true',
        FRESHET_KAFKA_TLS_CERT: 'c',
      },
      says: /belong together/,
    },
  ]
  for (const { name, env, says } of wrong) it(`refuses ${name}`, () => assert.match(problemsOf(env), says))

  it('takes the item commit at half of the transaction timeout', () => {
    assert.equal(loadConfig({ FRESHET_ITEM_COMMIT_MS: '1500' }).itemCommitMs, 1500)
  })

  it('never prints a secret', () => {
    const message = problemsOf({ FRESHET_KAFKA_SASL_PASSWORD: 'hunter2', FRESHET_REGISTRY_PASSWORD: 'hunter2' })
    assert.notEqual(message, '')
    assert.doesNotMatch(message, /hunter2/)
  })

  it('reads a file, and the environment wins over it', () => {
    const directory = mkdtempSync(join(tmpdir(), 'freshet-config-'))
    try {
      const file = join(directory, 'freshet.json')
      writeFileSync(file, JSON.stringify({ httpPort: 1, namespace: 'shop', weights: { view: 1 }, kafkaTls: false }))
      const config = loadConfig({ FRESHET_CONFIG: file, FRESHET_HTTP_PORT: '2', FRESHET_NAMESPACE: '' })
      assert.deepEqual([config.httpPort, config.namespace, config.folds.weights], [2, 'shop', { view: 1 }])
      writeFileSync(file, JSON.stringify({ sessionGapMS: 1, httpPort: true }))
      assert.match(
        problemsOf({}, file),
        /sessionGapMS: no such option; did you mean sessionGapMs\?[\s\S]*httpPort: wanted .* got true/,
      )
      writeFileSync(file, '[]')
      assert.match(problemsOf({}, file), /wanted a JSON object/)
      assert.match(problemsOf({}, join(directory, 'none.json')), /none\.json.*ENOENT/)
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  it('stands in docs/configuration.md as it is', () => {
    const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
    assert.equal(page, configurationDocument(), 'run: node topology/config-document.ts > docs/configuration.md')
    for (const name of Object.keys(configOptions)) assert.ok(page.includes(`\`${environmentName(name)}\``), name)
  })
})
