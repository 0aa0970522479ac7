import type { DocumentPath, ProblemList } from './problem.js';

/** Where a task wants its accepted output saved. */
export interface SaveTarget {
  readonly file: string;
  readonly path: DocumentPath;
  readonly subject: string;
}

/** `./a//b/../c` -> `a/c`; undefined when it is absolute, leaves the directory, or names no file. */
export function normalizeSaveAs(file: string): string | undefined {
  if (/^([/\\]|[A-Za-z]:)|[\\\p{C}]/u.test(file) || file.endsWith('/')) return undefined;
  const parts: string[] = [];
  for (const part of file.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.length === 0 || /(^|\/)\.{0,2}$/.test(file) ? undefined : parts.join('/');
}

/** Reports targets that leave the output directory, and those that would overwrite each other. */
export function checkSaveTargets(targets: readonly SaveTarget[], problems: ProblemList): void {
  const taken = new Map<string, SaveTarget>();
  for (const target of targets) {
    const file = normalizeSaveAs(target.file);
    if (file === undefined) {
      const what = `${target.subject}: save_as ${JSON.stringify(target.file)} is no file inside the output directory`;
      problems.add(target.path, what, 'write a relative path with "/" that stays inside, such as reports/sizes.json');
      continue;
    }
    // Some file systems do not tell upper from lower case.
    const other = taken.get(file.toLowerCase());
    if (other === undefined) taken.set(file.toLowerCase(), target);
    else problems.add(target.path, `${target.subject}: save_as ${file} is also that of ${other.subject}`, 'rename one');
  }
  for (const [file, target] of taken) {
    const parts = file.split('/');
    for (let length = 1; length < parts.length; length += 1) {
      const other = taken.get(parts.slice(0, length).join('/'));
      if (other === undefined) continue;
      const what = `${target.subject}: save_as needs a directory where ${other.subject} saves a file`;
      problems.add(target.path, what, 'rename one');
    }
  }
}
