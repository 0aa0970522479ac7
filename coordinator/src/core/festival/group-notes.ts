import type { ImportNote } from './festival-file.js';

/** Places of one kind of note that are named. */
const MAX_NAMED = 3;

/** Notes as lines, those that say the same in one: a festival of forty tasks must not hide what matters. */
export function noteLines(notes: readonly ImportNote[]): readonly string[] {
  const byMessage = new Map<string, ImportNote[]>();
  for (const note of notes) byMessage.set(note.message, [...(byMessage.get(note.message) ?? []), note]);
  return [...byMessage].map(([message, same]) => {
    const named = same
      .slice(0, MAX_NAMED)
      .map(({ path, detail }) => (detail === undefined ? path : `${path} (${detail})`));
    const more = same.length - named.length;
    return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}: ${message}`;
  });
}
