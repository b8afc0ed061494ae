/** docker-compose.yml and the Dockerfile against the code: no container is started here. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { parse } from 'yaml'
import { BROKER_SETTINGS, KAFKA_VERSION } from '../connectors/services/kafka.ts'
import { APICURIO_VERSION } from '../connectors/services/registry.ts'
import { verbNames } from '../cli/main.ts'
import { topologyOf } from '../cli/assemble.ts'
import { loadConfig } from '../topology/config.ts'

interface Service {
  image?: string
  build?: string
  command?: string[]
  ports?: string[]
  environment?: Record<string, string>
  depends_on?: Record<string, { condition: string }>
  healthcheck?: { test: string[] }
}

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')
const { services } = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, Service> }
const ours = Object.entries(services).filter(([, one]) => one.build !== undefined)
const dockerfile = read('Dockerfile')

describe('docker-compose.yml', () => {
  it('gives our services only variables that are options, with values they take', () => {
    assert.deepEqual(ours.map(([name]) => name).toSorted(), ['api', 'stages'])
    for (const [, { environment = {} }] of ours) {
      const config = loadConfig(environment)
      assert.equal(config.isEmbedded, false)
      assert.equal(config.redisUrl, 'redis://redis:6379')
    }
  })

  it('runs verbs that exist, on stages that exist', () => {
    const config = loadConfig({})
    const graph = topologyOf(config)
    const stages = new Set([...graph.stages, ...graph.views].map(one => one.name).concat('sink', 'all'))
    for (const [name, { command = [] }] of ours) {
      const [verb, ...rest] = command
      assert(verbNames.includes(verb ?? ''), `${name}: no verb ${verb}`)
      if (verb === 'run') assert(stages.has(rest[0] ?? ''), `${name}: no stage ${rest[0]}`)
    }
  })

  it('has a health check on every service and waits for those it needs', () => {
    for (const [name, service] of Object.entries(services)) {
      assert(service.healthcheck, `${name} has no health check`)
      for (const needed of Object.keys(service.depends_on ?? {}))
        assert(services[needed], `${name} waits for ${needed}`)
    }
  })

  it('publishes the ports that the services listen on', () => {
    assert.deepEqual(services.api?.ports, [`127.0.0.1:${loadConfig({}).httpPort}:${loadConfig({}).httpPort}`])
    assert.match(services.stages?.healthcheck?.test.join(' ') ?? '', /9464/)
    assert(services.stages?.command?.includes('9464'))
  })

  it('runs the broker that the tests run, with the same settings', () => {
    const { image, environment = {} } = services.kafka ?? {}
    assert.equal(image, `apache/kafka:${KAFKA_VERSION}`)
    const elsewhere = new Set(['listener.security.protocol.map']) // one more listener, for the host
    for (const [setting, value] of Object.entries(BROKER_SETTINGS)) {
      const variable = `KAFKA_${setting.toUpperCase().replaceAll('.', '_')}`
      if (elsewhere.has(setting)) assert(environment[variable]?.includes('PLAINTEXT:PLAINTEXT'))
      else assert.equal(environment[variable], value, setting)
    }
  })

  it('runs the registry version that the tests run', () => {
    assert(services.registry?.image?.endsWith(`:${APICURIO_VERSION}`))
  })
})

describe('the Dockerfile', () => {
  it('copies folders that exist, and every folder that the CLI imports from', () => {
    const copied = [...dockerfile.matchAll(/^COPY (\w+) \.\/\1$/gm)].map(match => match[1] ?? '')
    for (const folder of copied) assert(existsSync(new URL(`../${folder}`, import.meta.url)), folder)
    for (const folder of ['schemas', 'processors', 'retrieval', 'topology', 'connectors', 'server', 'cli', 'data'])
      assert(copied.includes(folder), folder)
  })

  it('sets only known options and does not run as root', () => {
    const variables = [...dockerfile.matchAll(/(FRESHET_\w+)=(\S+)/g)].map(match => [match[1], match[2]])
    assert(variables.length > 0)
    loadConfig(Object.fromEntries(variables) as Record<string, string>)
    assert.match(dockerfile, /^USER node$/m)
  })
})
