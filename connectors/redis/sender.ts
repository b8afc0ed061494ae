/**
 * Sends commands over one connection: those asked for within one turn of the event loop go out in one write, however many
 * asked. A pipeline of ioredis costs ten times the command in it when it holds only one. And where commands are not sent
 * again, ioredis forgets those in flight when the connection breaks: here they are answered, with an error.
 */
import { Command, type Redis } from 'ioredis'
import { RequestWriter } from './request-writer.ts'

/** Name and arguments. */
export type Request = readonly (string | Buffer)[]
/** An Error is what Redis answered to this one command, or why it was never answered. */
export type Reply = string | number | null | Error

interface Asked {
  readonly requests: readonly Request[]
  readonly replies: Reply[]
  left: number
  readonly done: (replies: Reply[]) => void
}

export class Sender {
  readonly #redis: Redis
  readonly #deadlineMs: number
  readonly #writer = new RequestWriter()
  #waiting: Asked[] = []
  readonly #inFlight = new Set<Asked>()
  #deadline: NodeJS.Timeout | undefined

  /** @param deadlineMs - without any answer, after which the connection is given up: a peer that vanished says nothing */
  constructor(redis: Redis, deadlineMs: number) {
    this.#redis = redis
    this.#deadlineMs = deadlineMs
    redis.on('close', () => this.#broken())
  }

  /** @returns a reply for each request, in their order; never rejects */
  send(requests: readonly Request[]): Promise<Reply[]> {
    if (requests.length === 0) return Promise.resolve([])
    return new Promise(done => {
      if (this.#waiting.length === 0) setImmediate(() => this.#flush())
      this.#waiting.push({ requests, replies: [], left: requests.length, done })
    })
  }

  /** One command. @throws what it was answered with where that is an error */
  async ask(...request: Request): Promise<string | number | null> {
    const [reply = null] = await this.send([request])
    if (reply instanceof Error) throw reply
    return reply
  }

  #flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    if (waiting.length === 0) return // the connection broke before their turn
    let isWritable = false
    const mute = {
      isPipeline: true,
      destination: { redis: this.#redis },
      write: () => (isWritable = true),
    } as const
    this.#deadline ??= setTimeout(() => this.#redis.disconnect(true), this.#deadlineMs)
    for (const asked of waiting) {
      this.#inFlight.add(asked)
      for (let index = 0; index < asked.requests.length; index++) {
        const request = asked.requests[index] as Request
        this.#writer.add(request)
        this.#redis.sendCommand(new Sent(String(request[0]), reply => this.#answered(asked, index, reply)), mute)
      }
    }
    const bytes = this.#writer.take()
    const sent = () => this.#writer.giveBack(bytes)
    if (isWritable) this.#redis.stream.write(bytes, sent)
    else sent()
  }

  #answered(asked: Asked, index: number, reply: Reply): void {
    if (asked.replies[index] !== undefined) return
    asked.replies[index] = reply
    if (--asked.left > 0) return
    this.#inFlight.delete(asked)
    if (this.#inFlight.size > 0) this.#deadline?.refresh()
    else {
      clearTimeout(this.#deadline)
      this.#deadline = undefined
    }
    asked.done(asked.replies)
  }

  /** Nothing that was asked over one connection goes out over the next: the caller may want to know of it first. */
  #broken(): void {
    const asking = [...this.#inFlight, ...this.#waiting]
    this.#waiting = []
    for (const asked of asking) {
      const error = new Error('Redis: the connection broke')
      for (let index = 0; index < asked.requests.length; index++) this.#answered(asked, index, error)
    }
  }
}

/** Stands in ioredis's queue for the reply to bytes that are written apart. */
class Sent extends Command {
  constructor(name: string, answered: (reply: Reply) => void) {
    super(name)
    this.resolve = (value: unknown) => answered(Buffer.isBuffer(value) ? value.toString() : (value as number | null))
    this.reject = answered
  }

  override toWritable(): string {
    return ''
  }
}
