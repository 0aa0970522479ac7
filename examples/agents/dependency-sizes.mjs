// Task type dependency-sizes: bytes of every installed package, and the packages installed in several versions.
import { lstatSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { installedPackages } from './installed-packages.mjs';
import { deliver, nearest, progress, readWorkOrder } from './work-order.mjs';

/** Bytes of the files a package brings itself; what is installed in its own node_modules counts for those packages. */
function ownBytes(directory, root = true) {
  let bytes = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) bytes += root && entry.name === 'node_modules' ? 0 : ownBytes(path, false);
    else if (entry.isFile()) bytes += lstatSync(path).size;
  }
  return bytes;
}

const { input } = await readWorkOrder();
const modules = nearest(input.directory);
const packages = [];
const versions = new Map();
for (const { directory, manifest } of installedPackages(modules)) {
  packages.push({ path: relative(modules, directory).split('\\').join('/'), bytes: ownBytes(directory) });
  const known = versions.get(manifest.name) ?? new Set();
  versions.set(manifest.name, known.add(manifest.version));
  if (packages.length % 100 === 0) progress(0.5, `${packages.length} packages measured`);
}
packages.sort((a, b) => (a.path < b.path ? -1 : 1));
const duplicates = [...versions]
  .filter(([, found]) => found.size > 1)
  .map(([name, found]) => ({ name, versions: [...found].sort() }))
  .sort((a, b) => (a.name < b.name ? -1 : 1));
const totalBytes = packages.reduce((sum, { bytes }) => sum + bytes, 0);
progress(1, `${totalBytes} bytes`);
deliver({ packages, duplicates, total_bytes: totalBytes });
