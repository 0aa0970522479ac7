/** A number with its noun: `1 task`, `2 tasks`. */
export const counted = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;
