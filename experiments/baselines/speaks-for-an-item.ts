import type { LearnedEvent } from '../recommender.ts'

/** @returns whether the event is for one item: what is against one, or of several, the methods leave out */
export const speaksForAnItem = ({ item, weight }: LearnedEvent): boolean => weight > 0 && item >= 0
