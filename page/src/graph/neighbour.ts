import type { Cell } from './layout.js';

const DIRECTIONS = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowDown: [0, 1],
  ArrowUp: [0, -1],
} as const;

/** The cell that an arrow key leads to from another: the nearest in that direction, what lies askew counting as farther. */
export function neighbourOf(cells: readonly Cell[], from: Cell | undefined, key: string): Cell | undefined {
  if (from === undefined) return cells[0];
  if (key === 'Home') return cells[0];
  if (key === 'End') return cells.at(-1);
  if (!(key in DIRECTIONS)) return undefined;
  const [dx, dy] = DIRECTIONS[key as keyof typeof DIRECTIONS];
  let best: Cell | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const cell of cells) {
    const x = cell.x + cell.width / 2 - from.x - from.width / 2;
    const y = cell.y + cell.height / 2 - from.y - from.height / 2;
    const ahead = x * dx + y * dy;
    if (ahead <= 0) continue;
    const distance = ahead + 3 * Math.abs(x * dy + y * dx);
    if (distance < least) [best, least] = [cell, distance];
  }
  return best;
}
