import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { MemoryRegistry } from '../../../connectors/embedded/memory-registry.ts'
import { FolderRegistry } from '../../../connectors/embedded/registry.ts'
import { registryConformance } from '../../conformance/registry.ts'

const record = (...names: string[]) =>
  JSON.stringify({ type: 'record', name: 'R', fields: names.map(name => ({ name, type: 'int', default: 0 })) })

describe('memory registry', () => {
  const one = new MemoryRegistry()
  registryConformance(async () => one)
})

describe('folder registry', () => {
  const root = mkdtempSync(join(tmpdir(), 'freshet-registry-'))
  after(() => rmSync(root, { recursive: true }))
  const shared = join(root, 'shared')
  registryConformance(() => FolderRegistry.open(shared))

  it('knows after a restart what it knew before', async () => {
    const folder = join(root, 'restart')
    const first = await FolderRegistry.open(folder)
    const ids = [await first.register('a/b %.v1-value', record('x')), await first.register('c-value', record('y'))]
    const second = await FolderRegistry.open(folder)
    assert.deepEqual(
      [await second.register('a/b %.v1-value', record('x')), await second.register('c-value', record('y'))],
      ids,
    )
    assert.equal(await second.fetch(ids[0] ?? 0), record('x'))
    assert.notEqual(await second.register('c-value', record('y', 'z')), ids[1])
  })
  it('white space in the source makes no new schema', async () => {
    const registry = await FolderRegistry.open(join(root, 'space'))
    const made = await registry.register('s-value', record('x'))
    assert.equal(await registry.register('s-value', JSON.stringify(JSON.parse(record('x')), undefined, 2)), made)
  })
  it('a crash before the rename leaves nothing behind', async () => {
    const folder = join(root, 'unfinished')
    await FolderRegistry.open(folder)
    writeFileSync(join(folder, '1.avsc.part'), '{"type":"rec')
    const registry = await FolderRegistry.open(folder)
    assert.equal(await registry.fetch(1), undefined)
    assert.deepEqual(readdirSync(folder), [])
    assert.equal(await registry.register('s-value', record('x')), 1)
  })
  it('a crash between schema and subject: the id is taken up again, not given to another', async () => {
    const folder = join(root, 'between')
    const first = await FolderRegistry.open(folder)
    const made = await first.register('s-value', record('x'))
    rmSync(join(folder, 's-value.subject.json'))
    const second = await FolderRegistry.open(folder)
    assert.notEqual(await second.register('t-value', record('y')), made)
    assert.equal(await second.register('s-value', record('x')), made)
  })
  it('a damaged subject is an error that names the file', async () => {
    const folder = join(root, 'damaged')
    await FolderRegistry.open(folder)
    writeFileSync(join(folder, 's-value.subject.json'), '{}')
    await assert.rejects(FolderRegistry.open(folder), /s-value\.subject\.json: wanted a list of ids/)
  })
})
