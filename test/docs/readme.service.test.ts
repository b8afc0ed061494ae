/** The three ways of use, as the README has them: an event through kcat changes what redis-cli and curl read. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ensurePrograms } from '../../connectors/services/programs.ts'
import { sayOnStderr } from '../../connectors/services/start.ts'
import { blocksOf } from './page.ts'
import { Started } from './started.ts'
import { until } from './until.ts'

const USER = '14945'
const FILM = '0816711'
const OTHER = '0770828'

interface List {
  readonly asOf: string
  readonly items: readonly { readonly itemId: string }[]
}

describe('README.md, three ways to use it', () => {
  let freshet: Started
  before(async () => {
    await ensurePrograms(['kcat', 'curl', 'redis-cli'], sayOnStderr)
    freshet = await Started.open()
  })
  after(() => freshet.stop())

  const blocks = blocksOf('README.md').filter(block => block.heading === 'Three ways to use it')
  const blockWith = (word: string) => blocks.find(block => block.text.includes(word))?.text ?? ''

  it('kcat publishes, redis-cli and curl read the change', async () => {
    // Two people like both films, so that whoever likes the one is shown the other.
    const events = ['p1', 'p2'].flatMap(userId => [FILM, OTHER].map(itemId => ({ userId, itemId, type: 'like' })))
    const response = await fetch(`${freshet.url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(events),
    })
    assert.equal(response.status, 200)
    await until('the films go together', async () => {
      const answer = (await (await fetch(`${freshet.url}/v1/items/${FILM}/similar`)).json()) as List
      return answer.items.some(one => one.itemId === OTHER) ? true : undefined
    })

    assert.equal((await freshet.run('sh', blockWith('redis-cli'))).trim(), '')
    await freshet.run('sh', blockWith('kcat'))
    const list = await until(`a list of ${USER}`, async () => {
      const text = await freshet.run('sh', blockWith('redis-cli'))
      const found = text.trim() === '' ? undefined : (JSON.parse(text) as List)
      return found && found.items.length > 0 ? found : undefined // an empty one is built again a second later
    })
    assert.match(list.asOf, /^[0-3]:\d+$/)
    assert.deepEqual(
      list.items.map(one => one.itemId),
      [OTHER],
    )
    const answer = JSON.parse(await freshet.run('sh', blockWith('curl'))) as List
    assert.equal(answer.items[0]?.itemId, OTHER)
  })
})
