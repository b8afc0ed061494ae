/** Interactions of a producer that was upgraded first: a field more, under an id that the readers have to ask for. */
import avsc from 'avsc'
import { type Interaction, interaction } from '../../schemas/interaction.ts'

const schema = JSON.parse(interaction.source) as { fields: { name: string; type: unknown; default: unknown }[] }
export const newerSource = JSON.stringify({
  ...schema,
  fields: [...schema.fields, { name: 'mood', type: ['null', 'string'], default: null }],
})
const type = avsc.Type.forSchema(JSON.parse(newerSource) as avsc.Schema)

export function encodedNewer(id: number, value: object): Buffer {
  const body = type.toBuffer({ ...(value as Interaction), mood: 'curious' })
  const head = Buffer.alloc(5)
  head.writeUInt32BE(id, 1)
  return Buffer.concat([head, body])
}
