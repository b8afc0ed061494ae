import './patches.ts'
import { createRequire } from 'node:module'

/** kafkajs, patched. Nothing else loads it; elsewhere its types alone may be imported. */
export const kafkajs = createRequire(import.meta.url)('kafkajs') as typeof import('kafkajs')
