/** What is wrong with the settings of a topic, in sentences. */
import type { TopicSettings } from './log-port.ts'

/** A table is kept by key, so its retention means nothing. */
const compared = (cleanup: TopicSettings['cleanup']) =>
  cleanup === 'compact'
    ? (['partitions', 'cleanup', 'appendTime'] as const)
    : (['partitions', 'cleanup', 'appendTime', 'retentionMs'] as const)

/**
 * @param standing - how the topic stands, undefined where it does not exist
 * @returns one sentence a problem, naming topic, setting, wanted and got
 */
export function settingsProblems(wanted: TopicSettings, standing: TopicSettings | undefined): string[] {
  const { name, partitions, retentionMs } = wanted
  const problems: string[] = []
  if (name === '') problems.push('a topic: wanted a name, got ""')
  if (!Number.isSafeInteger(partitions) || partitions < 1) {
    problems.push(`${name}: partitions: wanted a whole number above 0, got ${partitions}`)
  }
  if (!Number.isSafeInteger(retentionMs) || (retentionMs < 1 && retentionMs !== -1)) {
    problems.push(`${name}: retentionMs: wanted −1 or a whole number above 0, got ${retentionMs}`)
  }
  if (!standing) return problems
  for (const setting of compared(wanted.cleanup)) {
    if (wanted[setting] === standing[setting]) continue
    problems.push(`${name}: ${setting}: wanted ${wanted[setting]}, the topic stands with ${standing[setting]}`)
  }
  return problems
}
