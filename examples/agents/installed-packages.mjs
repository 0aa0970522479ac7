import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

function manifest(directory) {
  try {
    return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function packageDirectories(modules) {
  const directories = [];
  for (const entry of readdirSync(modules, { withFileTypes: true })) {
    // Links are workspaces of the checkout itself, not installed packages.
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
    const path = join(modules, entry.name);
    if (entry.name.startsWith('@')) directories.push(...packageDirectories(path));
    else directories.push(path);
  }
  return directories;
}

function nestedModules(directory) {
  try {
    return readdirSync(directory, { withFileTypes: true }).some((e) => e.isDirectory() && e.name === 'node_modules');
  } catch {
    return false;
  }
}

/** Every package installed below a node_modules folder, nested ones included: { directory, manifest }. */
export function* installedPackages(modules) {
  for (const directory of packageDirectories(modules)) {
    const found = manifest(directory);
    if (found?.name !== undefined && found.version !== undefined) yield { directory, manifest: found };
    if (nestedModules(directory)) yield* installedPackages(join(directory, 'node_modules'));
  }
}
