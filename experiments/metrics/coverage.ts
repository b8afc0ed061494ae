/**
 * Coverage@k: the share of the catalogue that stands in at least one list (Ge, Delgado-Battenfeld, Jannach, Beyond Accuracy,
 * RecSys 2010; session-rec and Serenade count the same).
 *
 * @param items - all items of all lists, with repetitions
 * @param catalogueSize - items that could have been recommended, ≥ 1
 */
export const coverage = (items: Iterable<number>, catalogueSize: number): number => new Set(items).size / catalogueSize
