// Task type dependency-inventory: name, version and licence of every installed package.
import { relative } from 'node:path';
import { installedPackages } from './installed-packages.mjs';
import { deliver, nearest, progress, readWorkOrder } from './work-order.mjs';

function licence({ license, licenses }) {
  if (typeof license === 'string') return license;
  if (typeof license?.type === 'string') return license.type;
  if (Array.isArray(licenses)) return licenses.map((entry) => entry.type ?? entry).join(' OR ');
  return 'UNKNOWN';
}

const { input } = await readWorkOrder();
const modules = nearest(input.directory);
const packages = [];
for (const { directory, manifest } of installedPackages(modules)) {
  const path = relative(modules, directory).split('\\').join('/');
  packages.push({ path, name: manifest.name, version: manifest.version, licence: licence(manifest) });
  if (packages.length % 100 === 0) progress(0.5, `${packages.length} packages read`);
}
packages.sort((a, b) => (a.path < b.path ? -1 : 1));
progress(1, `${packages.length} packages`);
deliver({ packages });
