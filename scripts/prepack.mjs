// Before `npm pack` of a workspace: puts the licence, for `gatepost` the examples, and the manual page of its command
// beside its package.json, and takes what belongs to no source out of its dist. With --undo, after it: removes those copies again.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const workspace = process.cwd();
const root = join(import.meta.dirname, '..');
const copies = basename(workspace) === 'gatepost' ? ['LICENSE', 'examples'] : ['LICENSE'];

/** Where the command line of a workspace is defined, as it is built, and what of it builds it. */
const PROGRAMS = {
  coordinator: ['dist/cli/program.js', ({ programFor }) => programFor()],
  gatekeeper: ['dist/cli/program.js', ({ buildProgram }) => buildProgram],
  'agent-daemon': ['dist/cli/program.js', ({ buildProgram }) => buildProgram],
  'local-ledger': ['dist/src/cli/options.js', ({ program }) => program],
  gatepost: ['dist/program.js', ({ buildProgram }) => buildProgram],
};

async function writeManual(name, [file, builderOf]) {
  const { manPage } = await import(join(root, 'shared/dist/cli/man-page.js'));
  const { withCompletion } = await import(join(root, 'shared/dist/cli/command-line.js'));
  const build = await builderOf(await import(join(workspace, file)));
  mkdirSync(join(workspace, 'man'), { recursive: true });
  writeFileSync(join(workspace, 'man', `${name}.1`), manPage(withCompletion(build(() => undefined))));
}

for (const name of [...copies, 'man']) rmSync(join(workspace, name), { recursive: true, force: true });
if (!process.argv.includes('--undo')) {
  if (!existsSync(join(workspace, 'dist'))) {
    process.stderr.write(`${workspace} is not built; run "npm run build" first\n`);
    process.exit(1);
  }
  if (basename(workspace) === 'coordinator' && !existsSync(join(workspace, 'dist/page.html'))) {
    process.stderr.write('the page of reports is not bundled; run "npm run build" first\n');
    process.exit(1);
  }
  for (const name of copies) cpSync(join(root, name), join(workspace, name), { recursive: true });
  const { compilerOptions } = JSON.parse(readFileSync(join(workspace, 'tsconfig.json'), 'utf8'));
  for (const file of readdirSync(join(workspace, 'dist'), { recursive: true })) {
    const stem = /^(.*?)(\.d\.ts|\.js|\.js\.map)$/.exec(file)?.[1];
    if (stem !== undefined && !existsSync(join(workspace, compilerOptions.rootDir, `${stem}.ts`)))
      rmSync(join(workspace, 'dist', file));
  }
  const program = PROGRAMS[basename(workspace)];
  if (program !== undefined) await writeManual(basename(workspace), program);
}
