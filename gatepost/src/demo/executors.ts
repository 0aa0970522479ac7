import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { EXAMPLES, INSTALLATION } from '../stage/layout.js';

const words = z.array(z.string());
const executorsFile = z.record(
  z.string(),
  z.looseObject({ command: words.optional(), acp: words.optional(), repositories: words.optional() }),
);

/**
 * The task types of an example agent, for wherever this package is installed: its commands by their full paths, and the
 * whole installation to read, since that is what they audit. Returns the file that was written.
 */
export function writeExecutors(agent: string, directory: string): string {
  const agents = join(EXAMPLES, 'agents');
  const given = executorsFile.parse(parse(readFileSync(join(agents, `${agent}.executors.yaml`), 'utf8')));
  const absolute = ([program = '', script, ...rest]: readonly string[]) =>
    script === undefined ? [program] : [program, resolve(agents, script), ...rest];
  const here = Object.entries(given).map(([type, { command, acp, repositories, ...more }]) => {
    const placed = {
      ...(command && { command: absolute(command) }),
      ...(acp && { acp: absolute(acp) }),
      ...(repositories && { repositories: repositories.map((path) => resolve(agents, path)) }),
    };
    return [type, { ...more, ...placed, read: [INSTALLATION] }];
  });
  const file = join(directory, 'executors.yaml');
  writeFileSync(file, stringify(Object.fromEntries(here)));
  return file;
}
