import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { keys, type RedisKey, recKeyOf, userKeyOf } from '../../schemas/keys.ts'

const withIds = Object.values(keys).filter(key => key.of('n', 'x').includes('{'))
const id = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 })

const examples: { key: RedisKey; id: string; suffix?: string; text: string }[] = [
  { key: keys.rec, id: 'u42', text: 'freshet:rec:{u42}' },
  { key: keys.rec, id: 'u42', suffix: 'home', text: 'freshet:rec:{u42}:home' },
  { key: keys.recAnonymous, id: 'c0', text: 'freshet:rec:anon:{c0}' },
  { key: keys.user, id: 'u42', text: 'freshet:u:{u42}' },
  { key: keys.popular, id: 'category:Sci-Fi', text: 'freshet:popular:{category:Sci-Fi}' },
  { key: keys.similar, id: 'a{b}c', text: 'freshet:similar:{a%7Bb%7Dc}' },
  { key: keys.similar, id: '100%', text: 'freshet:similar:{100%25}' },
  { key: keys.similar, id: 'a\nb\u0085', text: 'freshet:similar:{a%0Ab%C2%85}' },
  { key: keys.similar, id: '../é日', text: 'freshet:similar:{../é日}' },
  { key: keys.pos, id: 'lists.v1', suffix: '3', text: 'freshet:pos:lists.v1:3' },
]
for (const { key, id, suffix, text } of examples) {
  test(`${JSON.stringify(id)} makes ${text}`, () => {
    assert.equal(key.of('freshet', id, suffix), text)
    assert.deepEqual(key.parse('freshet', text), suffix === undefined ? { id } : { id, suffix })
  })
}

test('a key parses back to its ids, whatever they are, and never as another kind of key', () => {
  fc.assert(
    fc.property(fc.constantFrom(...withIds), id, fc.option(id, { nil: undefined }), (key, one, suffix) => {
      const text = key.of('ns', one, suffix)
      assert.deepEqual(key.parse('ns', text), suffix === undefined ? { id: one } : { id: one, suffix })
      for (const other of withIds) if (other !== key) assert.equal(other.parse('ns', text), undefined)
      assert.equal(key.parse('other', text), undefined)
    }),
  )
})

test('exactly one pair of braces stands in a key, and no control character', () => {
  fc.assert(
    fc.property(fc.constantFrom(...withIds), id, id, (key, one, suffix) => {
      const text = key.of('ns', one, suffix)
      assert.match(text, /^[^{}]*\{[^{}]+\}[^{}]*$/)
      assert.doesNotMatch(text, /\p{Cc}/u)
    }),
  )
})

test('keys of two ids are equal only if the ids are', () => {
  fc.assert(
    fc.property(id, id, (a, b) => {
      assert.equal(keys.rec.of('ns', a) === keys.rec.of('ns', b), a === b)
    }),
  )
})

test('the empty id is refused', () => {
  for (const key of withIds) assert.throws(() => key.of('ns', ''), TypeError)
})

test('what no key was made of is not parsed', () => {
  for (const text of [
    'freshet:rec:{}',
    'freshet:rec:{a',
    'freshet:rec:a',
    'freshet:rec:{a}b',
    'freshet:rec:{%zz}',
    '',
  ]) {
    assert.equal(keys.rec.parse('freshet', text), undefined, text)
  }
})

test('a list and its candidates share a slot, and users and anonymous visitors share no key', () => {
  const tag = (text: string) => /\{(.*)\}/.exec(text)?.[1]
  for (const visitor of ['u:x', 'a:x', 'u:{odd}']) {
    assert.equal(tag(recKeyOf('ns', visitor)), tag(userKeyOf('ns', visitor)))
  }
  assert.notEqual(recKeyOf('ns', 'u:x'), recKeyOf('ns', 'a:x'))
  assert.notEqual(userKeyOf('ns', 'u:x'), userKeyOf('ns', 'a:x'))
})

test('every key expires or belongs to a bounded set', () => {
  const bounded = ['gone', 'goneAt', 'itemPage', 'itemPages', 'itemsVersion', 'pos']
  for (const [name, key] of Object.entries(keys)) assert.equal(key.ttlSeconds === null, bounded.includes(name), name)
})
