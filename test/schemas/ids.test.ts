import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { idProblem, MAX_ID_BYTES, murmur2, partitionOf } from '../../schemas/ids.ts'

describe('murmur2', () => {
  // Origin: the expected values of testMurmur2 in the UtilsTest of Kafka's Java client.
  const cases: Record<string, number> = {
    '21': -973932308,
    foobar: -790332482,
    'a-little-bit-long-string': -985981536,
    'a-little-bit-longer-string': -1486304829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
    abc: 479470107,
  }
  for (const [key, hash] of Object.entries(cases)) {
    it(`hashes ${key} as the Java client does`, () => assert.equal(murmur2(Buffer.from(key)), hash))
  }
})

describe('partitionOf', () => {
  it('clears the sign bit before the modulo', () => {
    assert.equal(partitionOf('foobar', 12), (-790332482 & 0x7fffffff) % 12)
    assert.equal(partitionOf('21', 7), (2147483648 - 973932308) % 7)
  })
  it('takes bytes and text alike, as UTF-8', () => {
    assert.equal(partitionOf('é', 97), partitionOf(Buffer.from([0xc3, 0xa9]), 97))
  })
  it('has only partition 0 where there is one', () => assert.equal(partitionOf('anything', 1), 0))
  it('reaches every one of 12 partitions with 1,000 keys', () => {
    const hit = new Set(Array.from({ length: 1000 }, (_, i) => partitionOf(`user-${i}`, 12)))
    assert.deepEqual(
      [...hit].sort((a, b) => a - b),
      Array.from({ length: 12 }, (_, i) => i),
    )
  })
})

describe('idProblem', () => {
  const cases: { name: string; id: unknown; problem: string | undefined }[] = [
    { name: 'one byte is enough', id: 'a', problem: undefined },
    { name: '256 bytes are not too many', id: 'a'.repeat(MAX_ID_BYTES), problem: undefined },
    { name: '257 bytes are', id: 'a'.repeat(257), problem: 'wanted at most 256 bytes of UTF-8, got 257' },
    { name: 'bytes count, not characters', id: 'é'.repeat(129), problem: 'wanted at most 256 bytes of UTF-8, got 258' },
    { name: 'empty is none', id: '', problem: 'wanted a non-empty string, got ""' },
    { name: 'null is none', id: null, problem: 'wanted a string, got null' },
    { name: 'a number is none', id: 7, problem: 'wanted a string, got number' },
    { name: 'half a character is none', id: 'a\ud800', problem: 'wanted well-formed Unicode, got a lone surrogate' },
    { name: 'braces, newlines and ../ are', id: '{a}\n../%', problem: undefined },
  ]
  for (const { name, id, problem } of cases) it(name, () => assert.equal(idProblem(id), problem))
})
