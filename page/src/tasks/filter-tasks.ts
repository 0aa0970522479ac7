import type { ReportedTask } from '../report.js';
import type { Status } from '../words.js';

/** Which tasks are looked for; an empty text and no state mean all. */
export interface TaskFilter {
  /** Words in the id, the type, or an agent's account. */
  readonly text: string;
  readonly states: ReadonlySet<Status>;
}

export const ALL_TASKS: TaskFilter = { text: '', states: new Set() };

/** Whether a task is among those that a filter looks for. */
export function wantedBy({ text, states }: TaskFilter): (task: ReportedTask) => boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return ({ id, type, status, attempts }) => {
    if (states.size > 0 && !states.has(status)) return false;
    if (words.length === 0) return true;
    const about = `${id} ${type} ${attempts.map(({ agent }) => agent).join(' ')}`.toLowerCase();
    return words.every((word) => about.includes(word));
  };
}
