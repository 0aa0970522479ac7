import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { resolve } = createRequire(import.meta.url);

/** The commands as they are installed. */
export const COMMANDS = {
  'local-ledger': resolve('@gatepost/local-ledger/bin/local-ledger.js'),
  'agent-daemon': resolve('@gatepost/agent-daemon/bin/agent-daemon.js'),
  coordinator: resolve('@gatepost/coordinator/bin/coordinator.js'),
  arbiter: resolve('@gatepost/gatekeeper/bin/arbiter.js'),
  gatekeeper: resolve('@gatepost/gatekeeper/bin/gatekeeper.js'),
} as const;

export type CommandName = keyof typeof COMMANDS;

function nearestAbove(name: string, directory: string): string {
  const path = join(directory, name);
  if (existsSync(path) || dirname(directory) === directory) return path;
  return nearestAbove(name, dirname(directory));
}

/** Plans, agents and gates to try: a packed package brings them along, in a checkout they lie beside it. */
export const EXAMPLES = nearestAbove('examples', PACKAGE);

/** The directory whose node_modules the examples audit, and which their commands have to see. */
export const INSTALLATION = dirname(nearestAbove('node_modules', dirname(PACKAGE)));
