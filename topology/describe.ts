/** The graph for people: as text, which is a golden file, and as a Mermaid flowchart. */
import { type AnyTopic, changelogName, outputsOf, type Stage, type Topology } from './graph.ts'

const names = (topics: readonly AnyTopic[]) => topics.map(topic => topic.name).join(', ')

/** @returns one block a stage: what it reads, its processors with class, store and bound, what it writes */
export function describe(graph: Topology): string {
  return [
    ...graph.stages.map(describeStage),
    ...graph.views.map(describeView),
    `sink: ${names(graph.sink)} → View`,
  ].join('\n\n')
}

function describeStage(stage: Stage): string {
  const lines = [`stage ${stage.name}`, `  reads ${names(stage.inputs)}`]
  for (const processor of stage.processors) {
    lines.push(`  ${processor.class} ${processor.name} v${processor.version} ← ${processor.input}`)
    if (processor.store) lines.push(`      keeps ${processor.store.name}: ${processor.store.bound}`)
    for (const topic of Object.values(processor.outputs ?? {}) as AnyTopic[]) lines.push(`      writes ${topic.name}`)
    for (const table of processor.tables ?? [])
      lines.push(`      writes ${table.topic.name} every ${table.coalesceMs} ms a key`)
  }
  if (stage.signalsTo) lines.push(`  frames to ${stage.signalsTo.name}`)
  if (stage.rejectsTo) lines.push(`  sets aside in ${stage.rejectsTo.name}`)
  lines.push(`  changelog ${changelogName(stage)}`)
  return lines.join('\n')
}

function describeView(view: Topology['views'][number]): string {
  const lines = [`view ${view.name}${view.task === 'single' ? ' (one task)' : ''}`, `  reads ${names(view.inputs)}`]
  if (view.broadcasts.length > 0) lines.push(`  holds whole ${names(view.broadcasts)}`)
  lines.push(
    `  V ${view.name} v${view.version}, a key every ${view.intervalMs} ms at most`,
    `  writes ${view.output.name}`,
  )
  return lines.join('\n')
}

/** @returns a Mermaid flowchart: topics as cylinders, stages as boxes, broadcasts dotted */
export function mermaid(graph: Topology): string {
  const id = (name: string) => name.replaceAll(/[^a-zA-Z0-9]/g, '_')
  const lines = ['flowchart LR']
  const edges: string[] = []
  const seen = new Map<string, AnyTopic>()
  const cylinder = (topic: AnyTopic) => {
    seen.set(topic.name, topic)
    return id(topic.name)
  }
  for (const stage of graph.stages) {
    lines.push(`  ${id(stage.name)}["${stage.name}<br/>${stage.processors.map(one => one.name).join(' → ')}"]`)
    for (const topic of stage.inputs) edges.push(`  ${cylinder(topic)} --> ${id(stage.name)}`)
    for (const topic of outputsOf(stage)) edges.push(`  ${id(stage.name)} --> ${cylinder(topic)}`)
  }
  for (const view of graph.views) {
    lines.push(`  ${id(view.name)}(["${view.name}"])`)
    for (const topic of view.inputs) edges.push(`  ${cylinder(topic)} --> ${id(view.name)}`)
    for (const topic of view.broadcasts) edges.push(`  ${cylinder(topic)} -.-> ${id(view.name)}`)
    edges.push(`  ${id(view.name)} --> ${cylinder(view.output)}`)
  }
  lines.push('  View[("View: Redis or process memory")]')
  for (const topic of graph.sink) edges.push(`  ${cylinder(topic)} --> View`)
  for (const topic of seen.values()) lines.push(`  ${id(topic.name)}[("${topic.name}")]`)
  return [...lines, ...edges].join('\n')
}
