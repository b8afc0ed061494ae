/** The methods that others are compared with, by name, each with its default parameters and the values a search may try. */
import type { Recommender } from '../recommender.ts'
import { associationRules, defaultAssociationRules } from './association-rules.ts'
import { DecayedPopularity, defaultDecayedPopularity } from './decayed-popularity.ts'
import { defaultEase, Ease } from './ease.ts'
import { defaultIals, Ials } from './ials.ts'
import { defaultIsgd, Isgd } from './isgd.ts'
import { defaultItemKnn, ItemKnn } from './item-knn.ts'
import { Popularity } from './popularity.ts'
import { defaultRandom, RandomItems } from './random.ts'
import { defaultSequentialRules, sequentialRules } from './sequential-rules.ts'
import { defaultSknn, sknn } from './sknn.ts'
import { defaultStan, stan } from './stan.ts'
import { defaultVmisKnn, vmisKnn } from './vmis-knn.ts'
import { defaultVsknn, vsknn } from './vsknn.ts'
import { defaultVstan, vstan } from './vstan.ts'

export type Parameters = Readonly<Record<string, number>>

export interface Baseline {
  readonly defaults: Parameters
  /** Values worth trying, by parameter; what is missing is not searched. */
  readonly space: Readonly<Record<string, readonly number[]>>
  /**
   * @param parameters - those that differ from the defaults
   * @throws where a parameter is unknown or not a finite number
   */
  create(parameters?: Parameters): Recommender
}

const neighbourhood = { neighbours: [50, 100, 250, 500, 1_000, 1_500], sample: [250, 500, 1_000, 2_500, 5_000, 10_000] }
const lastItems = [1, 2, 3, 4, 5, 7, 10, 200]
const decays = {
  positionDecay: [0.45, 0.9, 1.81, 3.62, 7.24],
  timeDecayDays: [2.5, 5, 10, 20, 40, 80, 100],
  distanceDecay: [0.225, 0.4525, 0.905, 1.81, 3.62],
}
const idfWeight = [0, 1, 2, 5, 10]
const factors = [16, 32, 64, 128]

export const baselines: Readonly<Record<string, Baseline>> = {
  random: baseline('random', options => new RandomItems(options), defaultRandom, {}),
  popularity: baseline('popularity', () => new Popularity(), {}, {}),
  'decayed-popularity': baseline('decayed-popularity', o => new DecayedPopularity(o), defaultDecayedPopularity, {
    halfLifeDays: [0.04, 0.25, 0.5, 1, 2, 4, 7, 14, 30, 60, 120],
  }),
  ar: baseline('ar', associationRules, defaultAssociationRules, { window: [1, 5, 20, 100] }),
  sr: baseline('sr', sequentialRules, defaultSequentialRules, { window: [1, 2, 3, 5, 10, 20] }),
  'item-knn': baseline('item-knn', options => new ItemKnn(options), defaultItemKnn, {
    shrinkage: [0, 1, 3, 10, 30, 100, 300],
    neighbours: [0, 20, 50, 100, 200, 500],
    window: [5, 10, 20, 50, 200],
  }),
  sknn: baseline('sknn', sknn, defaultSknn, { ...neighbourhood, lastItems }),
  vsknn: baseline('vsknn', vsknn, defaultVsknn, { ...neighbourhood, lastItems, idfWeight }),
  'vmis-knn': baseline('vmis-knn', vmisKnn, defaultVmisKnn, {
    ...neighbourhood,
    lastItems,
    maxSessionItems: [15, 34, 100],
  }),
  stan: baseline('stan', stan, defaultStan, { ...neighbourhood, ...decays }),
  vstan: baseline('vstan', vstan, defaultVstan, {
    ...neighbourhood,
    ...decays,
    matchDecay: [0.45, 0.9, 1.81, 3.62, 7.24, 1e9],
    idfWeight,
  }),
  isgd: baseline('isgd', options => new Isgd(options), defaultIsgd, {
    factors,
    steps: [1, 2, 4, 8],
    learningRate: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5],
    regularization: [0.01, 0.05, 0.1, 0.4],
  }),
  ials: baseline('ials', options => new Ials(options), defaultIals, {
    factors,
    alpha: [1, 3, 10, 30, 100],
    regularization: [0.003, 0.01, 0.03, 0.1, 0.3, 1],
    frequencyExponent: [0, 0.5, 1],
  }),
  ease: baseline('ease', options => new Ease(options), defaultEase, {
    regularization: [20, 50, 100, 200, 500, 1_000],
    maxItems: [1_000, 2_000, 5_000],
  }),
}

function baseline(
  name: string,
  create: (options: Parameters) => Recommender,
  defaults: Parameters,
  space: Baseline['space'],
): Baseline {
  return {
    defaults,
    space,
    create(parameters = {}) {
      for (const [key, value] of Object.entries(parameters)) {
        const known = Object.keys(defaults).join(', ') || 'none'
        if (!(key in defaults)) throw new Error(`${name}: ${key}: no such parameter, wanted one of ${known}`)
        if (!Number.isFinite(value)) throw new Error(`${name}: ${key}: wanted a finite number, got ${value}`)
      }
      return create(parameters)
    },
  }
}
