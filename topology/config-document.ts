/** `docs/configuration.md`, made from the table of options: `node topology/config-document.ts > docs/configuration.md`. */
import { FILE_VARIABLE } from './config.ts'
import { connectionOptions, environmentName, foldOptions, generalOptions, runtimeOptions } from './config-options.ts'
import type { Option } from './config-types.ts'

export function configurationDocument(): string {
  return `# Configuration

Every option is an environment variable. \`${FILE_VARIABLE}\` may name a JSON file that holds them too, under the name in
the second column; the environment wins. All of it is read once at the start and checked whole: an unknown \`FRESHET_\` name,
a malformed value or two options that do not fit together stop the start, with every problem named at once. An empty value
is the same as none. This page is made from \`topology/config-options.ts\`, and a test holds it to that.

    FRESHET_HTTP_PORT=9000 FRESHET_WEIGHTS='{"purchase":3,"like":2,"view":1,"impression":0}' npm start
    echo '{"httpPort": 9000, "sessionGapMs": 900000}' > freshet.json && ${FILE_VARIABLE}=freshet.json npm start

${section('General', 'What every way of running reads.', generalOptions)}
${section('Kafka, registry, Redis', 'Without brokers Freshet runs on its embedded log, in one process and one partition.', connectionOptions)}
${section('Commits and lists', 'How soon things happen. May be changed at any start.', runtimeOptions)}
${section('Folds', 'What is counted, and how. These enter the hash that guards the state: a start on state that was folded with other values is refused with STATE_MISMATCH, and says how to rebuild.', foldOptions)}`
}

function section(title: string, about: string, options: Readonly<Record<string, Option<unknown>>>): string {
  const rows = Object.entries(options).map(([name, option]) => {
    const unit = option.unit === '' ? '' : `, ${option.unit}`
    return `| \`${environmentName(name)}\` | \`${name}\` | ${option.wants}${unit} | ${defaultOf(option)} | ${option.sentence} |`
  })
  return `## ${title}\n\n${about}\n\n| variable | in a file | wants | default | |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`
}

function defaultOf(option: Option<unknown>): string {
  if (option.defaultInWords !== undefined) return option.defaultInWords
  const value = option.default
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return 'unset'
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}

if (process.argv[1] === import.meta.filename) process.stdout.write(configurationDocument())
