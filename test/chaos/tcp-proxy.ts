/**
 * A TCP proxy of our own: it delays, cuts and withholds. What passes is split into pieces, frames of a protocol or just chunks,
 * and a tap may look at every piece before it goes on. That is how a fault strikes at a named step without a word in the product.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** What becomes of a piece: on its way, never, or never and the connection with it. */
export type Verdict = 'pass' | 'drop' | 'cut'

export interface Piece {
  readonly connection: object
  readonly from: 'client' | 'server'
  readonly bytes: Buffer
}
export type Tap = (piece: Piece) => Verdict
/** Collects chunks of one direction of one connection. @returns the pieces that are whole now */
export type Splitter = (chunk: Buffer) => readonly Buffer[]

const inChunks = (): Splitter => chunk => [chunk]

export class TcpProxy {
  readonly port: number
  /** Port of the loopback where connections lead to. */
  target = 0
  /** For each piece, both ways; order is kept. */
  delayMs = 0
  tap: Tap | undefined
  /** New connections are opened and closed at once. */
  #isAway = false
  readonly #server: Server
  readonly #newSplitter: () => Splitter
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server, newSplitter: () => Splitter) {
    this.#server = server
    this.#newSplitter = newSplitter
    this.port = (server.address() as AddressInfo).port
    server.on('connection', client => this.#join(client))
  }

  /** @param newSplitter - for each direction of each connection */
  static async open(newSplitter: () => Splitter = inChunks): Promise<TcpProxy> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    server.unref()
    return new TcpProxy(server, newSplitter)
  }

  /** Ends every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  get isAway(): boolean {
    return this.#isAway
  }

  set isAway(isAway: boolean) {
    this.#isAway = isAway
    if (isAway) this.cut()
  }

  /** Nothing is wrong any more. */
  heal(): void {
    this.#isAway = false
    this.delayMs = 0
    this.tap = undefined
  }

  close(): void {
    this.#server.close()
    this.cut()
  }

  #join(client: Socket): void {
    if (this.#isAway) return void client.destroy()
    const server = connect({ port: this.target, host: '127.0.0.1', noDelay: true })
    const connection = {}
    const ends = [client, server]
    for (const socket of ends) {
      this.#sockets.add(socket)
      socket.on('error', () => undefined) // 'close' follows
      socket.on('close', () => {
        this.#sockets.delete(socket)
        for (const end of ends) end.destroy()
      })
    }
    const cut = () => client.destroy()
    this.#carry({ connection, from: 'client', cut }, client, server)
    this.#carry({ connection, from: 'server', cut }, server, client)
  }

  #carry(way: Pick<Piece, 'connection' | 'from'> & { cut(): void }, from: Socket, to: Socket): void {
    const split = this.#newSplitter()
    /** Oldest first: what is delayed is never overtaken by what comes after the delay has ended. */
    const waiting: { bytes: Buffer; dueMs: number }[] = []
    const send = () => {
      while (waiting[0] && waiting[0].dueMs <= performance.now()) {
        const { bytes } = waiting.shift() as { bytes: Buffer }
        if (to.writable) to.write(bytes)
      }
      if (waiting[0]) setTimeout(send, Math.ceil(waiting[0].dueMs - performance.now()))
    }
    from.on('data', chunk => {
      for (const bytes of split(chunk)) {
        const verdict = this.tap?.({ ...way, bytes }) ?? 'pass'
        if (verdict === 'cut') return way.cut()
        if (verdict === 'drop') continue
        if (waiting.push({ bytes, dueMs: performance.now() + this.delayMs }) === 1) send()
      }
    })
  }
}
