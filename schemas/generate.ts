/**
 * Writes `schemas/<name>.ts` from every `schemas/avro/<name>.avsc`: an interface a record and the schema as a value.
 * Run by `npm run schemas`; a test runs it into memory and compares.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

type Avro = string | Avro[] | { type: Avro; name?: string; items?: Avro; values?: Avro; doc?: string; fields?: Field[] }
interface Field {
  name: string
  type: Avro
  doc?: string
}

const SCALARS: Record<string, string> = {
  null: 'null',
  string: 'string',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  bytes: 'Buffer',
}

/** @returns file name → content, for every `.avsc` */
export function generate(): Map<string, string> {
  const folder = new URL('./avro/', import.meta.url)
  const files = new Map<string, string>()
  // Beside them lies a folder of schemas that only old pages of state are read with.
  for (const file of readdirSync(folder)
    .filter(name => name.endsWith('.avsc'))
    .sort()) {
    const name = file.replace('.avsc', '')
    files.set(`${name}.ts`, moduleOf(name, JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Avro))
  }
  return files
}

function moduleOf(name: string, root: Avro): string {
  const interfaces: string[] = []
  const rootName = typeOf(root, interfaces)
  return [
    `// Generated from avro/${name}.avsc by \`npm run schemas\`: change that file, not this one.`,
    `import { type RecordSchema, recordSchema } from './record.ts'`,
    '',
    ...interfaces.flatMap(text => [text, '']),
    `export const ${camel(rootName)}: RecordSchema<${rootName}> = recordSchema('${name}')`,
    '',
  ].join('\n')
}

function typeOf(schema: Avro, interfaces: string[]): string {
  if (typeof schema === 'string') return SCALARS[schema] ?? schema
  if (Array.isArray(schema)) {
    const [first, ...rest] = schema
    if (first === 'null') return [...rest.map(one => typeOf(one, interfaces)), 'null'].join(' | ')
    return schema.map(one => typeOf(one, interfaces)).join(' | ')
  }
  if (schema.type === 'array') return `${typeOf(schema.items as Avro, interfaces)}[]`
  if (schema.type === 'map') return `Record<string, ${typeOf(schema.values as Avro, interfaces)}>`
  if (schema.type !== 'record') return typeOf(schema.type, interfaces)
  const lines = (schema.fields ?? []).map(field => {
    const type = typeOf(field.type, interfaces)
    return `${field.doc ? `  /** ${field.doc} */\n` : ''}  ${field.name}: ${type}`
  })
  const doc = schema.doc ? `/** ${schema.doc} */\n` : ''
  interfaces.push(`${doc}export interface ${schema.name} {\n${lines.join('\n')}\n}`)
  return schema.name as string
}

const camel = (name: string) => name[0]?.toLowerCase() + name.slice(1)

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [file, text] of generate()) writeFileSync(new URL(`./${file}`, import.meta.url), text)
}
