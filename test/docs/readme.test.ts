/** README and guides: every command line is one the program understands, every link and path is there. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Command, parse } from '../../cli/command.ts'
import { commandOf, verbNames } from '../../cli/main.ts'
import { configOptions, environmentName } from '../../topology/config-options.ts'
import { blocksOf, pageOf, tableRows } from './page.ts'
import { wordsOf } from './words.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const guides = readdirSync(join(root, 'docs')).filter(file => file.endsWith('.md'))
const pages = ['README.md', 'CHANGELOG.md', ...guides.map(file => `docs/${file}`)]
const scripts = Object.keys(
  (JSON.parse(pageOf('package.json')) as { scripts: Readonly<Record<string, string>> }).scripts,
)

/** Command lines of a page: in shell blocks, in indented code, and in the text between backticks. */
function commandsOf(page: string): string[] {
  const indented = pageOf(page)
    .split('\n')
    .filter(line => line.startsWith('    '))
  const inline = Array.from(pageOf(page).matchAll(/`((?:npx freshet|freshet|npm)\b[^`\n]*)`/g), match => match[1] ?? '')
  const shell = blocksOf(page)
    .filter(block => block.language === 'sh')
    .flatMap(block => block.text.replaceAll('\\\n', ' ').split('\n'))
  return [...shell, ...indented, ...inline]
}

/** Words of each `npx freshet …` or `freshet …` in a command line. */
const calls = (line: string): string[][] =>
  Array.from(line.matchAll(/(?:^|[\s("'`])(?:npx )?freshet (?=[a-z])((?:'[^']*'|"[^"]*"|[^|&;)"'])*)/g), match =>
    wordsOf(match[1] ?? ''),
  )

const commands = new Map<string, Command>(
  await Promise.all(verbNames.map(async name => [name, await commandOf(name)] as const)),
)

describe('documents', () => {
  for (const page of pages)
    it(`${page}: every verb and flag is one of the command line`, () => {
      for (const line of commandsOf(page))
        for (const [verb = '', ...rest] of calls(line)) {
          const command = commands.get(verb)
          assert(command, `${line}: no verb ${verb}`)
          // A verb that is only named, in the text, has no arguments.
          if (rest.length > 0) parse(command, rest)
        }
    })

  for (const page of pages)
    it(`${page}: every npm script is there`, () => {
      for (const line of commandsOf(page))
        for (const [, script = ''] of line.matchAll(/\bnpm (?:run )?([a-z:]+)/g))
          assert(['install', ...scripts].includes(script), `${line}: no script ${script}`)
    })

  for (const page of pages)
    it(`${page}: every FRESHET_ variable is an option`, () => {
      const known = [...Object.keys(configOptions).map(environmentName), 'FRESHET_CONFIG', 'FRESHET_']
      for (const [name] of pageOf(page).matchAll(/FRESHET_(?!TEST_)[A-Z_]*/g)) assert(known.includes(name), name)
    })

  for (const page of pages)
    it(`${page}: every link leads somewhere`, () => {
      for (const [, target = ''] of pageOf(page).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(target)) continue
        const [path = '', heading] = target.split('#')
        const file = path === '' ? page : join(dirname(page), path)
        assert(existsSync(join(root, file)), `${target}: no such file`)
        if (heading === undefined) continue
        const anchors = Array.from(pageOf(file).matchAll(/^#+ (.*)$/gm), match => anchorOf(match[1] ?? ''))
        assert(anchors.includes(heading), `${target}: no such heading`)
      }
    })

  for (const page of pages)
    it(`${page}: every path in backticks is there`, () => {
      const folders = readdirSync(root).filter(name => statSync(join(root, name)).isDirectory())
      for (const [, path = ''] of pageOf(page).matchAll(/`([\w.-]+\/[\w./-]*)`/g))
        if (folders.includes(path.split('/')[0] ?? '')) assert(existsSync(join(root, path)), path)
    })
})

describe('README.md', () => {
  it('lists every verb', () => {
    assert.deepEqual(
      tableRows('README.md', 'verb').map(([verb]) => verb),
      verbNames.map(name => `\`freshet ${name}\``),
    )
  })

  it('has a sentence for every top-level folder', () => {
    const isSource = (name: string) => !name.startsWith('.') && name !== 'node_modules'
    const folders = readdirSync(root)
      .filter(name => isSource(name) && statSync(join(root, name)).isDirectory())
      .filter(name => readdirSync(join(root, name)).length > 0)
    assert.deepEqual(
      tableRows('README.md', 'folder')
        .map(([name = '']) => name.replaceAll(/[`/]/g, ''))
        .toSorted(),
      folders.toSorted(),
    )
  })

  it('leads to every guide', () => {
    for (const guide of guides) assert(pageOf('README.md').includes(`(docs/${guide})`), guide)
  })
})

/** As GitHub makes them. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
