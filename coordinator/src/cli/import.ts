import { writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { compilePlan } from '@gatepost/rules/plan/compile';
import { parseAmount } from '@gatepost/shared/vocabulary/amount';
import { counted } from '@gatepost/shared/vocabulary/counted';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { printable, printableLines } from '@gatepost/shared/vocabulary/printable';
import { stringify } from 'yaml';
import { type Imported, planFromFestival } from '../core/festival/festival-plan.js';
import { noteLines } from '../core/festival/group-notes.js';
import { readFestival } from '../shell/plan/festival-files.js';
import type { AddCommand } from './command.js';

interface ImportOptions {
  readonly out?: string;
  readonly force?: true;
  readonly price?: string;
  readonly type: string;
}

/** Adds `import` to the command line. */
export const addImport: AddCommand = (program, exit) => {
  program
    .command('import')
    .description('turn a festival directory into a plan file')
    .argument('<directory>', 'the festival: phases, sequences and tasks as Markdown with front matter')
    .option('--out <file>', 'write the plan here; to standard output when left out')
    .option('--force', 'overwrite the file if it exists')
    .option('--price <amount>', "price of every task, in the token's smallest unit; unpaid when left out")
    .option('--type <capability>', 'capability the tasks ask for', 'work')
    .addHelpText(
      'after',
      `
The numbers that names begin with are the order, the same number means side by side; fest_order counts where a name has
none. What could not be mapped is told on standard error, one kind of note a line. With --price every task gets "gate: human", since
what a festival calls a quality gate is prose: put gates into the plan that can say no.

Examples:
  coordinator import festivals/active/my-festival --out plan.yaml
  coordinator import my-festival --price 100 --type coding > plan.yaml`,
    )
    .action((directory: string, options: ImportOptions) => exit(importFestival(directory, options)));
};

function importFestival(directory: string, { out, force, price, type }: ImportOptions): number {
  if (price !== undefined) parseAmount(price, '--price');
  const { files, notes } = readFestival(directory);
  const imported = planFromFestival(files, { price, type, name: basename(resolve(directory)) });
  if (imported.tasks === 0) {
    throw new GatepostError('USAGE', `${directory} holds no task of a festival: no Markdown file with fest_type: task`);
  }
  checkPlan(imported, directory);
  const text = `# Imported from the festival ${basename(resolve(directory))}.\n${stringify(imported.document, { lineWidth: 120, aliasDuplicateObjects: false })}`;
  if (out === undefined) process.stdout.write(process.stdout.isTTY ? printableLines(text) : text);
  else writePlan(out, text, force === true);
  const lines = noteLines([...notes, ...imported.notes]);
  for (const line of lines) process.stderr.write(`note: ${printable(line)}\n`);
  const where = out === undefined ? '' : `; written to ${out}`;
  process.stderr.write(`${counted(imported.tasks, 'task')}, ${counted(lines.length, 'note')}${where}\n`);
  return 0;
}

function writePlan(file: string, text: string, force: boolean): void {
  try {
    writeFileSync(file, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST';
    const reason = exists ? 'it exists already; give another name or --force' : (error as Error).message;
    throw new GatepostError('USAGE', `cannot write ${file}: ${reason}`, { file }, error);
  }
}

/** What is written must run: a festival may, for one, hold dependencies that go round in a circle. */
function checkPlan({ document }: Imported, directory: string): void {
  const compiled = compilePlan(document, { readSchema: () => ({ problem: 'none' }), schemaProblem: () => undefined });
  if ('plan' in compiled) return;
  const lines = compiled.problems.map(({ message }) => `${directory}: ${message}`);
  throw new GatepostError('INVALID_PLAN', lines.join('\n'));
}
