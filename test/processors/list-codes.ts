import { touch } from '../../processors/list-touch.ts'

/** @param halfUnits - weight of an interaction. @returns what it does to its item */
export const interactionCode = (halfUnits: number): number =>
  touch(Math.max(0, halfUnits), halfUnits === 6, halfUnits < 0)
