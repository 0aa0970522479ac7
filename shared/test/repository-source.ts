import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ENVIRONMENT = {
  ...process.env,
  GIT_CONFIG_GLOBAL: '/dev/null',
  ...Object.fromEntries(
    ['AUTHOR', 'COMMITTER'].flatMap((who) => [
      [`GIT_${who}_NAME`, 'test'],
      [`GIT_${who}_EMAIL`, 'test@invalid'],
      [`GIT_${who}_DATE`, '2026-01-01T00:00:00Z'],
    ]),
  ),
};

/** A repository to fetch from, as its owner works with it. */
export class RepositorySource {
  constructor(readonly directory: string) {
    mkdirSync(directory, { recursive: true });
    this.git('init', '-q', '-b', 'main');
  }

  git(...args: string[]): string {
    return this.gitWith('', ...args);
  }

  gitWith(input: string, ...args: string[]): string {
    const options = { cwd: this.directory, env: ENVIRONMENT, input, maxBuffer: 1e8 };
    return execFileSync('git', args, options).toString('utf8').trim();
  }

  write(files: Readonly<Record<string, string>>): this {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.directory, name)), { recursive: true });
      writeFileSync(join(this.directory, name), text);
    }
    return this;
  }

  /** Commits everything that is there; the commit's id. */
  commit(): string {
    this.git('add', '--all');
    this.git('commit', '-q', '-m', 'a commit');
    return this.git('rev-parse', 'HEAD');
  }
}
