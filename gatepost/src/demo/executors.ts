import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { EXAMPLES, INSTALLATION } from '../stage/layout.js';

const executorsFile = z.record(z.string(), z.looseObject({ command: z.array(z.string()) }));

/**
 * The task types of an example agent, for wherever this package is installed: its commands by their full paths, and the
 * whole installation to read, since that is what they audit. Returns the file that was written.
 */
export function writeExecutors(agent: string, directory: string): string {
  const agents = join(EXAMPLES, 'agents');
  const given = executorsFile.parse(parse(readFileSync(join(agents, `${agent}.executors.yaml`), 'utf8')));
  const here = Object.entries(given).map(([type, { command, ...more }]) => {
    const [program, script, ...rest] = command;
    const words = script === undefined ? [program] : [program, resolve(agents, script), ...rest];
    return [type, { ...more, command: words, read: [INSTALLATION] }];
  });
  const file = join(directory, 'executors.yaml');
  writeFileSync(file, stringify(Object.fromEntries(here)));
  return file;
}
