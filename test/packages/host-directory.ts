import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { inject } from 'vitest';
import { npmInstall } from './npm.js';

/** A directory in which whoever reads a document works, and one in it where what was packed is installed. */
export class HostDirectory {
  readonly path: string;
  readonly app: string;

  constructor(name: string) {
    this.path = mkdtempSync(join(tmpdir(), `gatepost-${name}-`));
    // Commands of a daemon that root starts run as nobody, who must be able to enter.
    chmodSync(this.path, 0o755);
    this.app = join(this.path, 'app');
  }

  /** Installs what was packed; minutes, where disks are slow. */
  install(): void {
    mkdirSync(this.app);
    writeFileSync(join(this.app, 'package.json'), '{ "private": true }');
    npmInstall(this.app, ...inject('packed').map(({ filename }) => filename));
  }

  /** A directory of its own in which the packages are installed, as far as whoever works there can tell. */
  installed(name: string): string {
    const own = join(this.path, name);
    mkdirSync(own);
    symlinkSync(join(this.app, 'node_modules'), join(own, 'node_modules'));
    return own;
  }

  /** A directory with what was packed and nothing else, as a reader of the documents begins. */
  withPackages(name: string): string {
    const own = join(this.path, name);
    mkdirSync(join(own, 'packages'), { recursive: true });
    for (const { filename } of inject('packed')) copyFileSync(filename, join(own, 'packages', basename(filename)));
    return own;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** What npm is told here, to be quick. */
export const FROM_CACHE = { npm_config_prefer_offline: 'true', npm_config_audit: 'false', npm_config_fund: 'false' };
