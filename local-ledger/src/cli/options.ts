import { isIPv4 } from 'node:net';
import { commandLine } from '@gatepost/shared/cli/command-line';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { isLoopback } from '../control/guard.js';
import { DEFAULT_CONTROL_PORT } from '../control/start.js';
import { DEFAULT_MIRROR_PORTS } from '../mirror/start.js';
import type { ProfileName } from '../profile.js';

const DEFAULT_HOST = '127.0.0.1';
/** Port on which the SDK expects the node of a local network. */
const DEFAULT_CONSENSUS_PORT = 50_211;
/** More accounts than this make the start slow. */
const MOST_ACCOUNTS = 10_000;

/** What the command line says. */
export interface CliOptions {
  readonly host: string;
  readonly trustedNetwork?: true;
  readonly port: number;
  readonly mirrorGrpcPort: number;
  readonly mirrorRestPort: number;
  readonly feesPort: number;
  readonly controlPort: number;
  readonly data?: string;
  readonly profile: ProfileName;
  readonly accounts?: number;
  readonly json?: true;
  readonly env?: true;
}

function wholeNumber(most: number, what: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value > most) {
      throw new InvalidArgumentError(`${what} is a whole number from 0 to ${most}.`);
    }
    return value;
  };
}

function oneAddress(text: string): string {
  if (text === 'localhost') return DEFAULT_HOST;
  if (!isIPv4(text) || text === '0.0.0.0') {
    throw new InvalidArgumentError(
      'Name the one IPv4 address by which others reach this host; the mirror tells it too.',
    );
  }
  return text;
}

/** Whoever reaches the network owns it: that is for the user to say. @throws CommanderError, exit code 2 */
function checkTrust(command: Command, { host, trustedNetwork }: CliOptions): void {
  if (isLoopback(host) || trustedNetwork === true) return;
  command.error(
    `error: at ${host} other hosts reach this network, and its operator's key is public: each of them can move all hbar ` +
      'and every account that it made. Where all who reach that address are trusted, say so with --trusted-network; ' +
      'else keep to loopback and lead a tunnel there, such as ssh -L.',
    { exitCode: 2 },
  );
}

const examples = `
Examples:
  $ local-ledger                              a network on the ports that the JS SDK expects
  $ local-ledger --accounts 10                with ten accounts of 10,000 hbar, from 0.0.1002 on
  $ local-ledger --data ./ledger              kept across restarts and crashes
  $ local-ledger --profile testnet            with the delays and limits of the public test network
  $ local-ledger --port 0 --mirror-grpc-port 0 --mirror-rest-port 0 --fees-port 0 --control-port 0 --json
                                              on free ports, which one line of JSON tells
  $ local-ledger --host 10.0.0.5 --trusted-network
                                              for other hosts, where everybody on the network is trusted
  $ eval "$(local-ledger --env)"              OPERATOR_ID, OPERATOR_KEY and addresses, in another shell

The operator is 0.0.2 with the well-known development key. A port of 0 picks a free one.`;

/** The command line of \`local-ledger\`; \`run\` gets the checked options. */
export function program(run: (options: CliOptions) => Promise<void>): Command {
  const port = wholeNumber(65_535, 'A port');
  return commandLine('local-ledger', import.meta.url)
    .description('A Hedera-compatible network in one process: consensus node and mirror.')
    .option(
      '--host <address>',
      'address to listen on; other than loopback only with --trusted-network',
      oneAddress,
      DEFAULT_HOST,
    )
    .option(
      '--trusted-network',
      "other hosts may reach it, although the operator's key is public; controls stay on loopback",
    )
    .option('--port <port>', 'consensus node, gRPC', port, DEFAULT_CONSENSUS_PORT)
    .option('--mirror-grpc-port <port>', 'mirror, gRPC', port, DEFAULT_MIRROR_PORTS.grpc)
    .option('--mirror-rest-port <port>', 'mirror, REST', port, DEFAULT_MIRROR_PORTS.rest)
    .option('--fees-port <port>', 'mirror, REST for fee estimates', port, DEFAULT_MIRROR_PORTS.fees)
    .option('--control-port <port>', 'operator controls, HTTP', port, DEFAULT_CONTROL_PORT)
    .option('--data <dir>', 'keep the ledger in this directory; without it nothing outlives the process')
    .addOption(
      new Option(
        '--profile <name>',
        'how fast consensus and mirror are, and whether they refuse what the public networks refuse',
      )
        .choices(['instant', 'testnet'])
        .default('instant'),
    )
    .option('--accounts <n>', 'funded accounts to begin with', wholeNumber(MOST_ACCOUNTS, 'The number of accounts'))
    .option('--json', 'when ready, print one line of JSON with ports and accounts')
    .addOption(
      new Option('--env', 'start nothing: print what a shell evaluates to use the network of these options').conflicts([
        'json',
      ]),
    )
    .addHelpText('after', examples)
    .action((options: CliOptions, command: Command) => {
      checkTrust(command, options);
      return run(options);
    });
}
