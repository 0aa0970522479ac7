// Checks sizes in one walk over the whole folder, and the duplicates against npm's own record.
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { judge, nearest, readResult } from './gate.mjs';

const { input, output } = await readResult();
const modules = nearest(input.directory);
const record = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8'));
const locations = Object.entries(record.packages)
  .filter(([location, { link }]) => link !== true && location.startsWith('node_modules/'))
  .map(([location, entry]) => [location.slice('node_modules/'.length), entry]);

/** Bytes by the innermost installed package a file lies in. */
const bytes = new Map(locations.map(([path]) => [path, 0]));
function walk(folder, owner) {
  for (const entry of readdirSync(join(modules, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) walk(path, bytes.has(path) ? path : owner);
    else if (entry.isFile() && owner !== undefined)
      bytes.set(owner, bytes.get(owner) + lstatSync(join(modules, path)).size);
  }
}
walk('', undefined);

const versions = new Map();
for (const [path, { name, version }] of locations) {
  if (bytes.get(path) === 0) continue;
  const key = name ?? path.split('node_modules/').at(-1);
  versions.set(key, (versions.get(key) ?? new Set()).add(version));
}
const expected = [...versions]
  .filter(([, found]) => found.size > 1)
  .map(([name]) => name)
  .sort();
const named = (output?.duplicates ?? []).map(({ name }) => name).sort();
const measured = new Map((output?.packages ?? []).map((entry) => [entry.path, entry.bytes]));

const problems = [];
for (const [path, size] of bytes) {
  if (size > 0 && measured.get(path) !== size) problems.push(`${path} has ${size} bytes, not ${measured.get(path)}`);
}
const total = [...bytes.values()].reduce((sum, size) => sum + size, 0);
if (output?.total_bytes !== total) problems.push(`the total is ${total} bytes, not ${output?.total_bytes}`);
if (expected.join() !== named.join()) problems.push(`duplicates are ${expected.join(', ')}, not ${named.join(', ')}`);
judge(problems, `${total} bytes in ${bytes.size} packages, ${expected.length} installed in several versions`);
