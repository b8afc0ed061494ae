/** The lines of a text file, gzipped or not (told by its first bytes), without their ends; a byte order mark is dropped. */
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** @throws where the file cannot be read, or its gzip is damaged */
export async function* textLines(path: string): AsyncGenerator<string> {
  // Looked at first: a stream that nobody reads yet would end the process by its error.
  const isPacked = await isGzip(path)
  const bytes = createReadStream(path)
  // An error of either stream is thrown by the reading below, so the callback has nothing to do.
  const stream: AsyncIterable<Buffer> = isPacked ? pipeline(bytes, createGunzip(), () => {}) : bytes
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() as string
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line
  }
  rest += decoder.decode()
  if (rest !== '') yield rest
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await file.close()
  }
}
