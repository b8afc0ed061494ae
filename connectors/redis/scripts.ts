/**
 * The version rule, once for each shape of value. A script touches one hash slot and is sent by its hash.
 * All answer −1 for an older write, 0 for one that stands already, 1 for a newer one with the same bytes, 2 for news.
 */
import { createHash } from 'node:crypto'

export interface Script {
  readonly text: string
  readonly sha: string
  readonly keys: number
}

/** `cmp(g, o, cg, co)`: is (g, o) newer than what stands? Numbers are exact to 2^53. */
const compare = `
local function cmp(g, o, cg, co)
  if not cg then return 1 end
  g, o, cg, co = tonumber(g), tonumber(o), tonumber(cg), tonumber(co)
  if g > cg or (g == cg and o > co) then return 1 end
  if g == cg and o == co then return 0 end
  return -1
end
`
function script(keys: number, body: string): Script {
  const text = compare + body
  return { keys, text, sha: createHash('sha1').update(text).digest('hex') }
}

/**
 * JSON that starts with its version.
 * KEYS value; ARGV generation, offset, text, ttlSeconds
 */
export const setValue = script(
  1,
  `
local cg, co = string.match(redis.call('GETRANGE', KEYS[1], 0, 60), '^{"v":%[(%d+),(%d+)%]')
local order = cmp(ARGV[1], ARGV[2], cg, co)
if order < 1 then return order end
redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[4])
return 2`,
)

const setField = `
local field = ARGV[3]
local before = redis.call('HMGET', KEYS[1], field, 'v' .. field)
local cg, co = string.match(before[2] or '', '^(%d+)%.(%d+)$')
local order = cmp(ARGV[1], ARGV[2], cg, co)
if order < 1 then return order end
redis.call('HSET', KEYS[1], field, ARGV[4], 'v' .. field, ARGV[1] .. '.' .. ARGV[2])
if ARGV[5] ~= '' then redis.call('EXPIRE', KEYS[1], ARGV[5]) end
`
/**
 * A field of a hash, its version beside it.
 * KEYS hash; ARGV generation, offset, field, bytes, ttlSeconds or ''
 */
export const setHashField = script(1, `${setField}return before[1] == ARGV[4] and 1 or 2`)

/**
 * A field of a hash and a value that goes with it, judged by the field's version.
 * KEYS hash, value; ARGV generation, offset, field, bytes, ttlSeconds, text, ttlSeconds of the text
 */
export const setFieldAndValue = script(
  2,
  `${setField}redis.call('SET', KEYS[2], ARGV[6], 'EX', ARGV[7])
return 2`,
)

/**
 * A whole hash of text, its version in field v.
 * KEYS hash; ARGV generation, offset, ttlSeconds, field, text, field, text, …
 */
export const setHash = script(
  1,
  `
local cg, co = string.match(redis.call('HGET', KEYS[1], 'v') or '', '^(%d+)%.(%d+)$')
local order = cmp(ARGV[1], ARGV[2], cg, co)
if order < 1 then return order end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'v', ARGV[1] .. '.' .. ARGV[2], unpack(ARGV, 4))
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 2`,
)

/**
 * Compare and set.
 * KEYS position; ARGV what must stand ('' for nothing), what shall stand. Answers 'ok', or what stands ('' for nothing)
 */
export const movePosition = script(
  1,
  `
local found = redis.call('GET', KEYS[1]) or ''
if found ~= ARGV[1] then return found end
redis.call('SET', KEYS[1], ARGV[2])
return 'ok'`,
)

export const scripts: readonly Script[] = [setValue, setHashField, setFieldAndValue, setHash, movePosition]
