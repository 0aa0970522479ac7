import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, platform, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';

const GIB = 1_073_741_824;

/** Version of an installed package; some do not export their package.json, so it is looked for above their entry. */
function versionOf(name: string): string {
  const { resolve } = createRequire(import.meta.url);
  for (let directory = dirname(resolve(name)); directory !== dirname(directory); directory = dirname(directory)) {
    try {
      const found = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Record<string, unknown>;
      if (typeof found.version === 'string') return found.version;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return 'unknown';
}

/** The program's own word for its version; undefined when there is no such program. */
export function redisVersion(): string | undefined {
  try {
    const said = execFileSync('redis-server', ['--version'], { encoding: 'utf8' });
    return /v=(\S+)/.exec(said)?.[1] ?? said.trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What the figures depend on, by name. */
export function describeMachine(): Readonly<Record<string, string>> {
  const [{ model } = { model: 'unknown' }] = cpus();
  return {
    processor: `${cpus().length} x ${model}`,
    memory: `${Math.round(totalmem() / GIB)} GiB`,
    system: `${platform()} ${release()}`,
    node: process.version,
    '@hashgraph/sdk': versionOf('@hashgraph/sdk'),
    '@grpc/grpc-js': versionOf('@grpc/grpc-js'),
    bullmq: versionOf('bullmq'),
    redis: redisVersion() ?? 'not installed',
  };
}
