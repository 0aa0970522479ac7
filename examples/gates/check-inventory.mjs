// Checks an inventory against npm's own record of what it installed, which the agent does not read.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { judge, nearest, readResult } from './gate.mjs';

const { input, output } = await readResult();
const modules = nearest(input.directory);
const record = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8'));
const listed = new Map((output?.packages ?? []).map((entry) => [entry.path, entry]));
const problems = [];
let expected = 0;
for (const [location, { version, license, link }] of Object.entries(record.packages)) {
  if (link === true || !location.startsWith('node_modules/')) continue;
  const path = location.slice('node_modules/'.length);
  if (!existsSync(join(modules, path, 'package.json'))) continue;
  expected += 1;
  const found = listed.get(path);
  if (found === undefined) problems.push(`${path} is installed but not in the inventory`);
  else if (found.version !== version) problems.push(`${path} is version ${version}, not ${found.version}`);
  else if (typeof license === 'string' && found.licence !== license) {
    problems.push(`${path} has the licence ${license}, not ${found.licence}`);
  }
}
if (expected === 0) problems.push('npm recorded no installed packages');
if (listed.size !== expected) problems.push(`${expected} packages are installed, ${listed.size} are listed`);
judge(problems, `${expected} packages match npm's record`);
