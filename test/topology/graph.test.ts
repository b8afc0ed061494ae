import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { topics } from '../../schemas/topics.ts'
import { changelogName, foldHash, type Topology, topology } from '../../topology/graph.ts'
import { counting, sample, tallies } from './sample.ts'

const graph = sample()
const [stage] = graph.stages
assert(stage)
const processor = counting()
const view = {
  name: 'shows',
  version: 1,
  class: 'V' as const,
  inputs: [tallies],
  broadcasts: [],
  output: topics.lists,
  intervalMs: 1,
  counters: {},
  create: () => ({ apply: () => [], build: () => [] }),
}

const UNSOUND: { name: string; graph: Topology; says: RegExp }[] = [
  {
    name: 'two writers of one topic',
    graph: { ...graph, stages: [stage, { ...stage, name: 'other' }] },
    says: /tallies\.v1 has two writers, sample and other/,
  },
  { name: 'two stages of one name', graph: { ...graph, stages: [stage, stage] }, says: /two stages are called sample/ },
  {
    name: 'inputs that are not co-partitioned',
    graph: { ...graph, stages: [{ ...stage, inputs: [topics.interactions, topics.items] }] },
    says: /sample: inputs are not co-partitioned: visitor, item/,
  },
  {
    name: 'a processor before the one it reads',
    graph: { ...graph, stages: [{ ...stage, processors: [{ ...processor, input: 'later' }] }] },
    says: /counting takes its input from later, which does not stand before it/,
  },
  {
    name: 'a D processor that joins a broadcast table',
    graph: {
      ...graph,
      stages: [{ ...stage, processors: [Object.assign({}, processor, { broadcasts: [topics.items] })] }],
    },
    says: /counting: a D processor may not join a broadcast table/,
  },
  {
    name: 'a stage of two classes',
    graph: { ...graph, stages: [{ ...stage, processors: [processor, { ...processor, name: 'more', class: 'C' }] }] },
    says: /sample mixes classes D and C/,
  },
  {
    name: 'a topic that nobody writes',
    graph: { ...graph, views: [{ ...view, inputs: [topics.related] }] },
    says: /related\.v1 is read but nobody writes it/,
  },
  {
    name: 'a broadcast without an index',
    graph: { ...graph, views: [{ ...view, broadcasts: [tallies] }] },
    says: /shows: no index is given for the broadcast tallies\.v1/,
  },
  {
    name: 'a broadcast of a stream',
    graph: { ...graph, views: [{ ...view, broadcasts: [topics.interactions] }] },
    says: /broadcast interactions\.v1 is not a table/,
  },
]

describe('a topology', () => {
  for (const { name, graph: unsound, says } of UNSOUND)
    it(`refuses ${name}`, () => assert.throws(() => topology(unsound), says))

  it('names all problems at once', () => {
    const broken = { ...graph, stages: [stage, stage], views: [{ ...view, broadcasts: [tallies] }] }
    assert.throws(() => topology(broken), /two stages are called sample[\s\S]*no index is given/)
  })

  it('has a fold hash that moves with a version, an option and a schema, and with nothing else', () => {
    const hash = foldHash(stage)
    const withProcessor = (change: object) => foldHash({ ...stage, processors: [{ ...processor, ...change }] })
    assert.equal(foldHash({ ...stage, processors: [counting()] }), hash)
    assert.notEqual(withProcessor({ version: 2 }), hash)
    assert.notEqual(withProcessor({ options: { halfLifeMs: 1 } }), hash)
    assert.equal(withProcessor({ counters: {} }), hash)
    assert.equal(changelogName(stage), 'sample-changelog.v1')
  })
})
