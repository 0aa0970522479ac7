import { execFileSync } from 'node:child_process';

/** npm as a user calls it: not as the child of the npm that runs these tests. */
export function npm(cwd: string, ...args: readonly string[]): string {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  return execFileSync('npm', [...args], { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Installs into a directory. */
export const npmInstall = (cwd: string, ...what: readonly string[]): string =>
  npm(cwd, 'install', '--prefer-offline', '--no-audit', '--no-fund', ...what);
