/** `freshet services`: a real Kafka, registry and Redis on the loopback, for trying things out. */
import { type ServiceStatus, servicesDown, servicesStatus, servicesUp } from '../connectors/services/persistent.ts'
import { type Command, didYouMean, UsageError } from './command.ts'

const VERBS = ['up', 'down', 'status'] as const
const VARIABLE = {
  kafka: 'FRESHET_KAFKA_BROKERS',
  registry: 'FRESHET_REGISTRY_URL',
  redis: 'FRESHET_REDIS_URL',
} as const

export const services: Command = {
  name: 'services',
  summary: 'start, stop or show a real Kafka, schema registry and Redis on this machine, for trying things out',
  usage: '<up | down | status> [flags]',
  arguments: [1, 1],
  flags: { json: { kind: 'switch', means: 'print them as a JSON array' } },
  details:
    'up prints the variables to set, so that a shell can take them over. down deletes their data.\nstatus ends with 1 where not all of them run.',
  examples: ['eval "$(npx freshet services up)" && npm start', 'npx freshet services down'],
  async run(call) {
    const [verb = ''] = call.arguments
    if (!VERBS.some(one => one === verb))
      throw new UsageError(`${verb}: wanted ${VERBS.join(', ')}${didYouMean(verb, VERBS)}`)
    if (verb === 'down') {
      const before = await servicesDown()
      call.print(
        call.isSet('json')
          ? JSON.stringify(before)
          : before.length > 0
            ? `stopped ${before.map(one => one.name).join(', ')}`
            : 'none were started',
      )
      return 0
    }
    const all = verb === 'up' ? await servicesUp(call.say) : servicesStatus()
    const isWhole = all.length > 0 && all.every(one => one.isRunning)
    if (call.isSet('json')) call.print(JSON.stringify(all))
    else if (verb === 'up') for (const one of all) call.print(`export ${VARIABLE[one.name]}=${one.address}`)
    else for (const line of linesOf(all)) call.print(line)
    return isWhole ? 0 : 1
  },
}

const linesOf = (all: readonly ServiceStatus[]): string[] =>
  all.length === 0
    ? ['none were started; `freshet services up` starts them']
    : all.map(
        one =>
          `${one.name}: ${one.isRunning ? `runs at ${one.address}, pid ${one.pid}` : `does not run; its log is ${one.logFile}`}`,
      )
