/** Why an item is in a list, as a sentence for a person. The sink writes it into public keys, the server into answers. */

const sentences: Readonly<Record<string, (names: string) => string>> = {
  'co-occurrence': names => `Often viewed together with ${names}`,
  sequence: names => `Often viewed next after ${names}`,
  session: names => `Viewed in sessions with ${names}`,
  taste: names => `Close to what you liked, such as ${names}`,
  content: names => `Similar to ${names}`,
  together: names => `Often bought together with ${names}`,
}
const alone: Readonly<Record<string, string>> = {
  'co-occurrence': 'Often viewed together with what you viewed',
  sequence: 'Often viewed next',
  session: 'Viewed in sessions like yours',
  taste: 'Close to what you like',
  content: 'Similar to what you like',
  together: 'Often bought together',
  trending: 'Trending now',
  popular: 'Popular now',
  catalogue: 'From the catalogue',
}

/**
 * @param source - name of the candidate source that gave most of the score
 * @param because - names of the items it comes from, strongest first; may be empty
 */
export function reasonOf(source: string, because: readonly string[]): string {
  const sentence = sentences[source]
  if (because.length > 0 && sentence) return sentence(because.join(', '))
  return alone[source] ?? 'Recommended for you'
}
