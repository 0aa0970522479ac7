import { resolve } from 'node:path';
import type { Exit } from '@gatepost/shared/cli/run-program';
import { type Environment, readEnvironment } from '@gatepost/shared/config/environment';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { Command } from 'commander';

interface SetupOptions {
  readonly agents?: string;
  readonly listen: readonly string[];
  readonly networkHost?: string;
  readonly directory: string;
  readonly executors?: string;
  readonly hbar: string;
  readonly dryRun?: true;
}

/** Most agents that one setup makes. */
const MOST_AGENTS = 50;

function wholeNumber(text: string, option: string, most: number): number {
  if (/^[1-9]\d{0,5}$/.test(text) && Number(text) <= most) return Number(text);
  throw new GatepostError('USAGE', `${option} must be a whole number from 1 to ${most}, not ${JSON.stringify(text)}`);
}

/** The variables that lead to an embedded network on its usual ports. */
const networkAt = (host: string | undefined): Environment =>
  host === undefined
    ? {}
    : {
        GATEPOST_NETWORK: 'local',
        GATEPOST_NODE: `${host}:50211`,
        GATEPOST_MIRROR_GRPC: `${host}:5600`,
        GATEPOST_MIRROR_REST: `http://${host}:5551`,
      };

const collect = (value: string, before: readonly string[]): string[] => [...before, value];

/** @throws GatepostError USAGE for another number of agents than of addresses that were named. */
function agentsOf({ agents, listen }: SetupOptions): number {
  const addresses = Math.max(1, listen.length);
  const count = agents === undefined ? addresses : wholeNumber(agents, '--agents', MOST_AGENTS);
  if (count >= listen.length && count <= MOST_AGENTS) return count;
  throw new GatepostError(
    'USAGE',
    `--listen names ${listen.length} addresses for ${count} agents; at most ${MOST_AGENTS}`,
  );
}

/** Adds `setup` to the command line. */
export function addSetup(program: Command, exit: Exit): void {
  program
    .command('setup')
    .description('make accounts, keys, journal, token and inboxes for a coordinator and its agents')
    .option('--agents <n>', 'how many agents (default: one, or as many as --listen names)')
    .option(
      '--listen <host:port>',
      'where the next agent serves, for agents on other hosts; may be repeated',
      collect,
      [],
    )
    .option('--network-host <address>', 'host of the embedded network, when it is another one')
    .option('--directory <dir>', 'where the folders coordinator, agent-1, ... are made', '.')
    .option('--executors <file>', 'YAML file that maps task types to executors; those of an example when left out')
    .option('--hbar <amount>', 'hbar each new account is given', '20')
    .option('--dry-run', 'only say what would be done, and what it costs')
    .addHelpText(
      'after',
      `
Each party gets a folder with a key of its own in .env (mode 0600; no key is printed). Running it again does only what is
missing. The embedded network needs no operator; on a public one OPERATOR_ACCOUNT_ID and OPERATOR_PRIVATE_KEY name a
funded account, which pays for all of it.

Examples:
  gatepost setup --agents 2
  gatepost setup --network-host 10.0.0.1 --listen 10.0.0.2:7443 --listen 10.0.0.3:7443
  GATEPOST_NETWORK=testnet gatepost setup --dry-run`,
    )
    .action(async (options: SetupOptions) => {
      const { setup } = await import('./setup.js');
      await setup(
        { ...readEnvironment(), ...networkAt(options.networkHost) },
        {
          agents: agentsOf(options),
          listen: options.listen,
          hbar: wholeNumber(options.hbar, '--hbar', 100_000),
          directory: resolve(options.directory),
          executors: options.executors === undefined ? undefined : resolve(options.executors),
          dryRun: options.dryRun === true,
          say: (line) => void process.stdout.write(`${line}\n`),
        },
      );
      exit(0);
    });
}
