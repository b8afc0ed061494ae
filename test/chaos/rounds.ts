/** Faults one after the other, on shops that are made anew after a few of them and whenever one went wrong. */
import { randomOf } from '../../bench/random.ts'
import type { Fault } from './fault.ts'
import type { Options } from './options.ts'
import { isBad, type Outcome, sentenceOf } from './report.ts'
import { Shop } from './shop.ts'
import type { World } from './world.ts'

/** The longer a log, the longer its recount. */
const FAULTS_A_SHOP = 4
const SHOWN_WRONG = 10

export interface Console {
  say(line: string): void
  progress(line: string): void
}

export class Rounds {
  readonly outcomes: Outcome[] = []
  /** For want of time. */
  readonly leftOut: string[] = []
  readonly #world: World
  readonly #o: Options
  readonly #console: Console
  #shop: Shop | undefined
  /** By name, that of now at the end. */
  #faultsOfShop: string[] = []
  #shops = 0

  constructor(world: World, options: Options, console: Console) {
    this.#world = world
    this.#o = options
    this.#console = console
  }

  async run(): Promise<void> {
    const { faults, rounds, untilMs } = this.#o
    try {
      for (let round = 0; round < rounds; round++)
        for (const [index, fault] of faults.entries()) {
          if (this.#world.signal.aborted) return
          if (Date.now() > untilMs) {
            if (round === 0) this.leftOut.push(...faults.slice(index).map(one => one.name))
            return
          }
          await this.#one(fault, this.#placeOf(round, index))
        }
    } finally {
      await this.#closeShop()
    }
  }

  #placeOf(round: number, index: number): string {
    const { faults, rounds } = this.#o
    const place = `${index + 1} of ${faults.length}`
    return rounds > 1 ? `round ${round + 1}, ${place}` : place
  }

  async #one(fault: Fault, place: string): Promise<void> {
    const say = (line: string) => this.#console.progress(`${place}, ${fault.name}: ${line}`)
    try {
      const shop = await this.#openShop(say)
      this.#faultsOfShop.push(fault.name)
      const outcome = await this.#strike(fault, shop, say)
      this.outcomes.push(outcome)
      for (const sentence of outcome.wrong.slice(0, SHOWN_WRONG)) this.#console.say(`${fault.name}: ${sentence}`)
      const { length } = outcome.wrong
      if (length > SHOWN_WRONG) this.#console.say(`${fault.name}: and ${length - SHOWN_WRONG} sentences more`)
      this.#console.say(`${place}, ${fault.name}: ${sentenceOf(outcome)}`)
      if (isBad(outcome)) this.#sayHowToRepeat(fault)
      if (length > 0 || fault.endsShop || this.#faultsOfShop.length >= FAULTS_A_SHOP) await this.#closeShop()
    } catch (error) {
      await this.#closeShop()
      if (this.#world.signal.aborted) return
      const message = error instanceof Error ? error.message : String(error)
      this.#console.say(`${fault.name}: ${error instanceof TypeError ? error.stack : message}`)
      this.#sayHowToRepeat(fault)
      const nothing = { records: 0, lost: 0, doubled: 0, answers: 0, errors: 0, blanks: 0, healMs: undefined }
      this.outcomes.push({ fault, ...nothing, wrong: [message] })
    }
  }

  /** With the faults that the shop had met before, and the seed it had. */
  #sayHowToRepeat(fault: Fault): void {
    const { workers, perSecond, plant } = this.#o
    const names = this.#faultsOfShop.length > 0 ? this.#faultsOfShop : [fault.name]
    const flags = [
      `--faults ${names.join(',')}`,
      `--seed ${this.#seedOfShop}`,
      `--workers ${workers}`,
      `--rate ${perSecond}`,
      ...(plant === undefined ? [] : [`--plant ${plant}`]),
    ]
    this.#console.say(`${fault.name}: once more: npm run chaos -- ${flags.join(' ')}`)
  }

  get #seedOfShop(): number {
    return this.#o.seed + this.#shops - 1
  }

  async #strike(fault: Fault, shop: Shop, say: (line: string) => void): Promise<Outcome> {
    const { asker } = shop
    const before = { answers: asker.answers, errors: asker.errors, blanks: asker.blanks }
    say(fault.about)
    const random = randomOf(1_000 * this.#seedOfShop + this.#faultsOfShop.length)
    await fault.strike(shop, { random, progress: say })
    let healMs: number | undefined
    let verdict = { records: 0, lost: 0, doubled: 0, wrong: [] as readonly string[] }
    if (!fault.isRefused) {
      shop.heal()
      say('healing')
      healMs = await shop.probe()
      verdict = await shop.verify(say)
    }
    const { records, lost, doubled } = verdict
    const asked = {
      answers: asker.answers - before.answers,
      errors: asker.errors - before.errors,
      blanks: asker.blanks - before.blanks,
    }
    for (const example of asker.examples.splice(0)) this.#console.say(`${fault.name}: read API: ${example}`)
    return { fault, records, lost, doubled, ...asked, healMs, wrong: [...verdict.wrong, ...shop.takeDeaths()] }
  }

  async #openShop(say: (line: string) => void): Promise<Shop> {
    if (this.#shop) return this.#shop
    say('opening a shop')
    const { workers, perSecond, plant } = this.#o
    this.#shops++
    this.#faultsOfShop = []
    this.#shop = await Shop.open(this.#world, { seed: this.#seedOfShop, workers, perSecond, plant })
    return this.#shop
  }

  async #closeShop(): Promise<void> {
    await this.#shop?.close()
    this.#shop = undefined
  }
}
