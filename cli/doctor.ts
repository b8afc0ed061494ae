/** `freshet doctor`: looks at everything Freshet needs, changes nothing, and says what to do. */
import { loadConfig } from '../topology/config.ts'
import { checkApi, checkDataDirectory, checkNode } from './check-machine.ts'
import { checkKafka, checkRedis, checkRegistry } from './check-services.ts'
import type { Command } from './command.ts'

/** `remedy` is what to do about it; absent for what is well. */
export interface Finding {
  readonly what: string
  readonly isWell: boolean
  readonly says: string
  readonly remedy?: string
}

export const doctor: Command = {
  name: 'doctor',
  summary: 'check Node, the data directory, Kafka and its settings, the registry, Redis and the topics',
  usage: '[flags]',
  arguments: [0, 0],
  flags: { json: { kind: 'switch', means: 'print the findings as JSON, one a line' } },
  details: 'Ends with 1 where something is not well, and says what to do about it.',
  examples: ['npx freshet doctor', 'npx freshet doctor --json'],
  async run(call) {
    const findings: Finding[] = []
    const tell = (finding: Finding) => {
      findings.push(finding)
      if (call.isSet('json')) call.print(JSON.stringify(finding))
      else {
        call.print(`${finding.isWell ? 'ok      ' : 'problem '} ${finding.what}: ${finding.says}`)
        if (finding.remedy !== undefined) call.print(`         ${finding.remedy}`)
      }
    }
    tell(checkNode(process.versions.node))
    const config = loadConfig(call.env)
    tell({
      what: 'configuration',
      isWell: true,
      says: `${config.isEmbedded ? 'embedded log' : 'Kafka'}, namespace ${config.namespace}`,
    })
    if (config.isEmbedded) tell(await checkDataDirectory(config))
    else {
      for (const finding of await checkKafka(config)) tell(finding)
      tell(await checkRegistry(config))
    }
    if (config.redisUrl !== undefined) tell(await checkRedis(config.redisUrl))
    tell(await checkApi(config))
    return findings.every(one => one.isWell) ? 0 : 1
  },
}
