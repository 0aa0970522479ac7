import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout: where package.json, examples/ and node_modules/ are. */
export const CHECKOUT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** The commands as they are installed. */
export const COMMANDS = {
  'local-ledger': join(CHECKOUT, 'local-ledger/bin/local-ledger.js'),
  'agent-daemon': join(CHECKOUT, 'agent-daemon/bin/agent-daemon.js'),
  coordinator: join(CHECKOUT, 'coordinator/bin/coordinator.js'),
} as const;

export type CommandName = keyof typeof COMMANDS;
