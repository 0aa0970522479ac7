// What every example gate shares. A gate reads { task, attempt, input, output } on standard input, gives its reason
// on standard output, and says yes with exit code 0 and no with 1.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What the examples audit: the nearest of that name above them, in a checkout or where they were installed. */
export function nearest(name, directory = import.meta.dirname) {
  const path = join(directory, name);
  return existsSync(path) || dirname(directory) === directory ? path : nearest(name, dirname(directory));
}

/** The result to judge. */
export async function readResult() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

/** Says no to a result with the first problem, or yes with a summary. */
export function judge(problems, summary) {
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  process.stdout.write(problems.length === 0 ? `${summary}\n` : `${problems[0]}${more}\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
