/** `freshet topology`: the graph, as text or as a diagram, and what its parts count. */
import { loadConfig } from '../topology/config.ts'
import { describe, mermaid } from '../topology/describe.ts'
import { topicSettings } from '../topology/runner.ts'
import { topologyOf } from './assemble.ts'
import { type Command, UsageError } from './command.ts'

export const topologyVerb: Command = {
  name: 'topology',
  summary: 'print the graph: stages, processors, topics',
  usage: '[flags]',
  arguments: [0, 0],
  flags: {
    mermaid: { kind: 'switch', means: 'as a Mermaid flowchart' },
    counters: { kind: 'switch', means: 'what the processors count, in words' },
    json: { kind: 'switch', means: 'the topics with their settings, one JSON object a line' },
  },
  examples: ['npx freshet topology', 'npx freshet topology --mermaid > flow.mmd'],
  async run(call) {
    const ways = ['mermaid', 'counters', 'json'].filter(flag => call.isSet(flag))
    if (ways.length > 1) throw new UsageError(`--${ways[0]} and --${ways[1]} exclude each other`)
    const config = loadConfig(call.env)
    const graph = topologyOf(config)
    if (call.isSet('mermaid')) call.print(mermaid(graph))
    else if (call.isSet('json'))
      for (const settings of topicSettings(graph, config.namespace, config.partitions))
        call.print(JSON.stringify(settings))
    else if (call.isSet('counters')) {
      for (const one of [...graph.stages.flatMap(stage => stage.processors), ...graph.views])
        for (const [counter, means] of Object.entries(one.counters)) call.print(`${one.name} ${counter}: ${means}`)
    } else call.print(describe(graph))
    return 0
  },
}
