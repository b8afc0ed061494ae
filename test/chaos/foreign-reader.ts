/** Reads topics with kcat (librdkafka): nothing of Freshet, and no kafkajs, decides which records are there. */
import { spawn } from 'node:child_process'

export interface ForeignRecord {
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
}

/** partition offset timestamp keyLength valueLength, and the bytes of both; a length of −1 is null */
const FORMAT = '%p %o %T %K %S\\n%k%s'

export interface ReadOptions {
  readonly isolation?: 'read_committed' | 'read_uncommitted'
  /** Only so many offsets from the end of each partition. */
  readonly tail?: number
}

/** @returns by partition and offset, up to the last stable offset there is now */
export async function readForeign(brokers: string, topic: string, options: ReadOptions = {}): Promise<ForeignRecord[]> {
  const { isolation = 'read_committed', tail } = options
  const settings = [`isolation.level=${isolation}`, 'fetch.wait.max.ms=20', 'check.crcs=true']
  const from = tail === undefined ? 'beginning' : `-${tail}`
  const flags = ['-C', '-q', '-e', '-o', from, '-b', brokers, '-t', topic, '-f', FORMAT]
  const child = spawn('kcat', [...flags, ...settings.flatMap(one => ['-X', one])], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const chunks: Buffer[] = []
  let complaint = ''
  child.stdout.on('data', chunk => chunks.push(chunk))
  child.stderr.on('data', chunk => {
    complaint = (complaint + chunk).slice(-2_000)
  })
  const ended = Promise.withResolvers<number | string | null>()
  child.on('error', ended.reject)
  child.on('close', (code, signal) => ended.resolve(signal ?? code))
  const code = await ended.promise
  if (code !== 0) throw new Error(`kcat of ${topic} ended with ${code}: ${complaint.trim()}`)
  return recordsIn(Buffer.concat(chunks)).sort((a, b) => a.partition - b.partition || a.offset - b.offset)
}

export function recordsIn(bytes: Buffer): ForeignRecord[] {
  const records: ForeignRecord[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(10, at)
    const head = bytes.toString('latin1', at, end).split(' ').map(Number)
    const [partition, offset, timestampMs, keyBytes, valueBytes] = head as [number, number, number, number, number]
    if (end < 0 || head.length !== 5 || head.some(Number.isNaN)) throw new Error(`kcat said something else at ${at}`)
    const keyEnd = end + 1 + Math.max(0, keyBytes)
    at = keyEnd + Math.max(0, valueBytes)
    const key = keyBytes < 0 ? null : bytes.subarray(end + 1, keyEnd)
    const value = valueBytes < 0 ? null : bytes.subarray(keyEnd, at)
    records.push({ partition, offset, timestampMs, key, value })
  }
  return records
}
