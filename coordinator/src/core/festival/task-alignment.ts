/** A row of a sequence goal's "Task Alignment" table. */
export interface AlignedTask {
  /** File name without `.md`. */
  readonly task: string;
  readonly objective: string;
}

const cellsOf = (line: string): readonly string[] =>
  line
    .trim()
    .replace(/^\|/, '')
    .replace(/\|$/, '')
    .split('|')
    .map((cell) => cell.trim());

const isRule = (line: string): boolean => /^\s*\|?[\s:|-]+\|?\s*$/.test(line) && line.includes('-');

/** Reads the table under the heading "Task Alignment"; empty when there is none. Placeholder rows are left out. */
export function taskAlignment(markdown: string): readonly AlignedTask[] {
  const lines = markdown.split(/\r?\n/);
  const heading = lines.findIndex((line) => /^#{1,6}\s+Task Alignment\s*$/i.test(line));
  if (heading < 0) return [];
  const rest = lines.slice(heading + 1);
  const end = rest.findIndex((line) => /^#{1,6}\s/.test(line));
  const table = (end < 0 ? rest : rest.slice(0, end)).filter((line) => line.trim().startsWith('|'));
  const rows = table.slice(1).filter((line) => !isRule(line));
  return rows.flatMap((line) => {
    const [task = '', objective = ''] = cellsOf(line);
    const stem = task
      .replace(/[`*[\]]|\(.*\)/g, '')
      .trim()
      .replace(/\.md$/i, '');
    return stem === '' || /REPLACE|\.\.\./.test(task) ? [] : [{ task: stem, objective }];
  });
}
