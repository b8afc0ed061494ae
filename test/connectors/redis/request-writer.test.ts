import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RequestWriter } from '../../../connectors/redis/request-writer.ts'

const written = (...requests: (string | Buffer)[][]) => {
  const writer = new RequestWriter()
  for (const request of requests) writer.add(request)
  return writer.take()
}

test('requests are bytes as the protocol has them, one after another', () => {
  assert.equal(
    written(['SET', 'ü', Buffer.from('b')], ['PING']).toString(),
    '*3\r\n$3\r\nSET\r\n$2\r\nü\r\n$1\r\nb\r\n*1\r\n$4\r\nPING\r\n',
  )
})

test('an empty part is a part, of text as of bytes', () => {
  assert.equal(written(['SET', '', Buffer.alloc(0)]).toString(), '*3\r\n$3\r\nSET\r\n$0\r\n\r\n$0\r\n\r\n')
})

const long = fc.tuple(fc.constantFrom('x', 'é', '😀'), fc.nat(200_000)).map(([char, count]) => char.repeat(count))
const part = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.uint8Array({ maxLength: 200 }), long)
const request = fc
  .array(part, { minLength: 1, maxLength: 120 })
  .map(parts => parts.map(one => (typeof one === 'string' ? one : Buffer.from(one))))

test('every length and character is counted in bytes', () => {
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 3 }), requests => {
      const wanted = requests.flatMap(parts => [
        Buffer.from(`*${parts.length}\r\n`),
        ...parts.flatMap(one => [Buffer.from(`$${Buffer.byteLength(one)}\r\n`), Buffer.from(one), Buffer.from('\r\n')]),
      ])
      assert.ok(written(...requests).equals(Buffer.concat(wanted)))
    }),
    { numRuns: 50 },
  )
})

test('bytes that were taken stand until they are given back, whatever is added meanwhile', () => {
  const writer = new RequestWriter()
  writer.add(['FIRST'])
  const first = writer.take()
  writer.add(['OTHER'])
  assert.equal(first.toString(), '*1\r\n$5\r\nFIRST\r\n')
  const other = writer.take()
  writer.giveBack(first)
  writer.add(['THIRD'])
  assert.equal(other.toString(), '*1\r\n$5\r\nOTHER\r\n')
  assert.equal(writer.take().toString(), '*1\r\n$5\r\nTHIRD\r\n')
})
