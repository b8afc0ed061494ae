/**
 * Figures that others published or that their code gives, beside ours on the same data. What is compared, and by how much it may
 * differ and why, stands at each case. The sets lie in `data/`.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { serenadeSessions } from '../../../connectors/mappings/serenade-sessions.ts'
import { movietweetings } from '../../../connectors/mappings/movietweetings.ts'
import { Ials } from '../../../experiments/baselines/ials.ts'
import { ItemKnn } from '../../../experiments/baselines/item-knn.ts'
import { sknn } from '../../../experiments/baselines/sknn.ts'
import { stan } from '../../../experiments/baselines/stan.ts'
import { vmisKnn } from '../../../experiments/baselines/vmis-knn.ts'
import { type Answers, evaluate } from '../../../experiments/evaluate.ts'
import { type EventLog, eventLog } from '../../../experiments/event-log.ts'
import { type MetricName, valuesOf } from '../../../experiments/figures.ts'
import { ndcg } from '../../../experiments/metrics/ndcg.ts'
import { recall } from '../../../experiments/metrics/recall.ts'
import { protocolOf } from '../../../experiments/protocols/protocols.ts'
import type { Recommender } from '../../../experiments/recommender.ts'
import type { Interaction } from '../../../schemas/interaction.ts'
import { askFor, event } from './log.ts'

const directoryOf = (name: string) => fileURLToPath(new URL(`../../../data/${name}`, import.meta.url))
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length

/** Serenade's training sessions, then those of its test. */
async function serenade(): Promise<EventLog> {
  const train: Interaction[] = []
  const after: Interaction[] = []
  for await (const one of serenadeSessions.events(directoryOf('serenade-sessions'), new Map())) {
    if (one.eventId.startsWith('serenade-sessions:train-')) train.push(one)
    if (one.eventId.startsWith('serenade-sessions:test-')) after.push(one)
  }
  return eventLog({ name: 'serenade-sessions', interactions: [...train, ...after], testFrom: train.length })
}

const sessionCases: readonly {
  name: string
  method: () => Recommender
  mrr: number
  hr: number
  within: { mrr: number; hr: number }
}[] = [
  {
    // Its README; ties go by the order of a hash map there and by number here, which its authors' code moves by ± .003.
    name: 'VMIS-kNN has the figures printed by Serenade for the setting it ships',
    method: () => vmisKnn({ maxSessionItems: 15 }),
    mrr: 0.3277,
    hr: 0.6402,
    within: { mrr: 0.003, hr: 0.003 },
  },
  {
    // Its README: m 1,502, k 288, last 4 clicks; MRR@20 alone is printed, HR@20 is that of its engine run on these files.
    name: 'VMIS-kNN has the figures of Serenade after its search',
    method: () => vmisKnn({ maxSessionItems: 15, sample: 1_502, neighbours: 288, lastItems: 4 }),
    mrr: 0.3401,
    hr: 0.6646,
    within: { mrr: 0.003, hr: 0.003 },
  },
  {
    // session-rec's S-KNN, k 100 of 500, run on these files.
    name: 'S-KNN has the figures of the reference code',
    method: () => sknn(),
    mrr: 0.334,
    hr: 0.665,
    within: { mrr: 0.003, hr: 0.003 },
  },
  {
    // session-rec's STAN, k 500 of 2,500, run on these files. Of 931 questions 3 differ in HR, by ties at the end of the list.
    name: 'STAN has the figures of the reference code',
    method: () => stan({ sample: 2_500 }),
    mrr: 0.381,
    hr: 0.666,
    within: { mrr: 0.003, hr: 0.004 },
  },
]

test('session methods on the test sessions of Serenade', async t => {
  const log = await serenade()
  const protocol = protocolOf('session/current-removed/frozen', log, { seed: 1 })
  for (const { name, method, mrr, hr, within } of sessionCases) {
    await t.test(name, async () => {
      const answers = await evaluate(log, protocol, method(), { k: 20 })
      assert.equal(answers.lists.length, 931)
      near(answers, 'MRR', mrr, within.mrr)
      near(answers, 'HR', hr, within.hr)
    })
  }
})

function near(answers: Answers, metric: MetricName, wanted: number, within: number): void {
  const got = mean(valuesOf(answers, metric, 20))
  assert.ok(Math.abs(got - wanted) <= within, `${metric}@20: wanted ${wanted} ± ${within}, got ${got.toFixed(4)}`)
}

/**
 * MovieTweetings, ratings of 8 and more, the first 90 % by time to train on and the others, with a user of the training and an item new to
 * them, to find again in the first 20. Recall and NDCG by user. The figures are those of implicit 0.7.3.
 */
const implicitCases: readonly {
  name: string
  method: () => Recommender & { fit?(): void }
  recall: number
  ndcg: number
  within: number
}[] = [
  {
    name: "iALS has the figures of implicit's ALS from the same first factors",
    method: () => new Ials({ factors: 16, alpha: 10, regularization: 10, frequencyExponent: 0, sweeps: 10 }),
    recall: 0.14597,
    ndcg: 0.06253,
    within: 0.00001,
  },
  {
    name: "item-kNN has the figures of implicit's CosineRecommender with all neighbours",
    method: () => new ItemKnn({ shrinkage: 0, neighbours: 0, window: 10_000 }),
    recall: 0.09558,
    ndcg: 0.04204,
    within: 0.001, // ties: many items have a single user
  },
  {
    name: "item-kNN has the figures of implicit's CosineRecommender(101), which has an item among its own neighbours",
    method: () => new ItemKnn({ shrinkage: 0, neighbours: 100, window: 10_000 }),
    recall: 0.08129,
    ndcg: 0.03597,
    within: 0.002, // ties, at the end of the neighbours too
  },
]

test('methods of users and items on MovieTweetings, beside implicit', async t => {
  const { train, wanted } = await split()
  for (const { name, method: create, recall: wantedRecall, ndcg: wantedNdcg, within } of implicitCases) {
    await t.test(name, () => {
      const method = create()
      for (const [user, item] of train) method.learn(event(user, item, 0))
      method.fit?.()
      const known = Map.groupBy(train, ([user]) => user)
      const recalls: number[] = []
      const ndcgs: number[] = []
      for (const [user, items] of wanted) {
        const without = (known.get(user) ?? []).map(([, item]) => item)
        const list = method.recommend(askFor(user, without), 20)
        recalls.push(recall(list, items, 20))
        ndcgs.push(ndcg(list, items, 20))
      }
      assert.equal(recalls.length, 1_738)
      const got = `recall ${mean(recalls).toFixed(5)}, NDCG ${mean(ndcgs).toFixed(5)}`
      assert.ok(Math.abs(mean(recalls) - wantedRecall) <= within && Math.abs(mean(ndcgs) - wantedNdcg) <= within, got)
    })
  }
})

async function split() {
  const likes: Interaction[] = []
  for await (const one of movietweetings.events(directoryOf('movietweetings'), new Map())) {
    if (one.type === 'like') likes.push(one)
  }
  const log = eventLog({ name: 'movietweetings', interactions: likes })
  const pairs = likes.map((_, at) => [log.user[at] as number, log.item[at] as number] as const)
  const cut = Math.floor(0.9 * pairs.length)
  const train = pairs.slice(0, cut)
  const known = new Map(
    [...Map.groupBy(train, ([user]) => user)].map(([user, rows]) => [user, new Set(rows.map(row => row[1]))]),
  )
  const wanted = new Map<number, Set<number>>()
  for (const [user, item] of pairs.slice(cut)) {
    if (known.get(user)?.has(item) ?? true) continue
    wanted.set(user, (wanted.get(user) ?? new Set()).add(item))
  }
  return { train, wanted }
}
