/** User agents that say they are no person. Tools such as curl are left alone: shops send events with them. */
const CRAWLER =
  /(?<!cu)bot(?![a-z])|crawl|spider|slurp|headlesschrome|phantomjs|lighthouse|facebookexternalhit|bingpreview/i
const MAX_LOOKED_AT = 512

/** @param userAgent - of the client, any length; "CUBOT" is a maker of telephones */
export const isCrawler = (userAgent: string): boolean => CRAWLER.test(userAgent.slice(0, MAX_LOOKED_AT))
