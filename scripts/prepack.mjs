// Before `npm pack` of a workspace: puts the licence, and for `gatepost` the examples, beside its package.json, and
// takes what belongs to no source out of its dist. With --undo, after it: removes those copies again.
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

const workspace = process.cwd();
const root = join(import.meta.dirname, '..');
const copies = basename(workspace) === 'gatepost' ? ['LICENSE', 'examples'] : ['LICENSE'];

for (const name of copies) rmSync(join(workspace, name), { recursive: true, force: true });
if (!process.argv.includes('--undo')) {
  if (!existsSync(join(workspace, 'dist'))) {
    process.stderr.write(`${workspace} is not built; run "npm run build" first\n`);
    process.exit(1);
  }
  for (const name of copies) cpSync(join(root, name), join(workspace, name), { recursive: true });
  const { compilerOptions } = JSON.parse(readFileSync(join(workspace, 'tsconfig.json'), 'utf8'));
  for (const file of readdirSync(join(workspace, 'dist'), { recursive: true })) {
    const stem = /^(.*?)(\.d\.ts|\.js|\.js\.map)$/.exec(file)?.[1];
    if (stem !== undefined && !existsSync(join(workspace, compilerOptions.rootDir, `${stem}.ts`)))
      rmSync(join(workspace, 'dist', file));
  }
}
