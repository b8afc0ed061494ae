/**
 * A JSONL file of interactions as the topic takes them, one object a line, fields of `Interaction`. A line that is no JSON,
 * or has no time, is left out and counted; what else is wrong with an event is for admission to say.
 */
import { type Interaction, interaction } from '../schemas/interaction.ts'
import type { DataSet, LeftOut } from './data-set.ts'
import { rowsOf } from './rows.ts'
import { withDefaults } from './with-defaults.ts'

export const eventFile: DataSet = {
  name: 'event-file',
  about: 'a JSONL file of interactions',
  files: [],
  events,
}

/** @param path - of the file itself */
async function* events(path: string, leftOut: LeftOut): AsyncGenerator<Interaction> {
  const count = (reason: string) => leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1)
  for await (const row of rowsOf(path)) {
    if ('problem' in row) {
      count('not a JSON object')
      continue
    }
    const event = withDefaults<Interaction>(interaction, row.columns)
    if (!Number.isSafeInteger(event.occurredAt)) count('no occurredAt in ms')
    else if (!interaction.type.isValid(event)) count('fields of the wrong type')
    else yield event
  }
}
