import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { keys } from '../../schemas/keys.ts'

const DAY_S = 86_400

test('docs/redis.md states every key as it is, and no other', () => {
  const text = readFileSync(new URL('../../docs/redis.md', import.meta.url), 'utf8')
  const rows = text.split('\n').filter(line => line.startsWith('| `'))
  const wanted = Object.values(keys).map(key => {
    const shown = key.of('freshet', '…').includes('{') ? `${key.name}:{id}` : key.name
    const life = key.ttlSeconds === null ? 'bounded set' : `${key.ttlSeconds / DAY_S} d`
    return `| \`${shown}\` | ${key.holds} | ${life} | ${key.isPublic ? '**public**' : 'internal'} | ${key.doc} |`
  })
  assert.deepEqual(rows, wanted)
})
