import { readEnvironment } from '@gatepost/shared/config/environment';
import { parseAmount } from '@gatepost/shared/vocabulary/amount';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { formatTime, parseDurationMs } from '@gatepost/shared/vocabulary/time';
import { type AddCommand, CONFIG_OPTION, connectCoordinator, ENVIRONMENT_HELP } from './command.js';

interface FundOptions {
  readonly config: string;
  readonly refundAt?: string;
  readonly json?: boolean;
  readonly insecureLoopback?: boolean;
}

/** Adds `fund` to the command line. */
export const addFund: AddCommand = (program, exit) => {
  program
    .command('fund')
    .description('put tokens under the keys of coordinator and gatekeeper, with a refund that needs nobody')
    .argument('<amount>', 'tokens in their smallest unit; 0 only puts the refund off')
    .option(...CONFIG_OPTION)
    .option(
      '--refund-at <duration>',
      'how long from now the money stays at least, such as 30d; the refund that stands, else 30d',
    )
    .option('--insecure-loopback', 'talk to a gatekeeper without TLS, on a loopback address only')
    .option('--json', 'print one JSON line')
    .addHelpText(
      'after',
      `
Before a token moves, the ledger is given the refund: at its time all that is left goes back to this account, whoever is
there by then. The gatekeeper signs it too, so it has to serve. Costs about $0.01 for each bit of the amount.

Examples:
  coordinator fund 5000
  coordinator fund 0 --refund-at 45d
${ENVIRONMENT_HELP}`,
    )
    .action(async (amount: string, options: FundOptions) => exit(await fundEscrow(amount, options)));
};

async function fundEscrow(text: string, options: FundOptions): Promise<number> {
  const amount = /^0+$/.test(text) ? 0n : parseAmount(text, 'the amount, unless it is 0,');
  const refundAfterMs = options.refundAt === undefined ? undefined : parseDurationMs(options.refundAt);
  if (options.refundAt !== undefined && refundAfterMs === undefined) {
    throw new GatepostError(
      'USAGE',
      `--refund-at must be a duration such as 30d, not ${JSON.stringify(options.refundAt)}`,
    );
  }
  const connection = await connectCoordinator(readEnvironment());
  try {
    const { requireOwnConfig } = await import('../shell/setup/config-file.js');
    const { journal, token, gatekeeper, escrow } = requireOwnConfig(options.config, connection.account);
    if (gatekeeper === undefined || escrow === undefined) {
      throw new GatepostError(
        'USAGE',
        `${options.config} names no escrow; make it with: coordinator init --gatekeeper 0.0.x`,
      );
    }
    const { assertReachable } = await import('@gatepost/shared/hedera/reachability');
    await assertReachable(connection);
    const { refundCosigner } = await import('../shell/gatekeeper/refund-cosigner.js');
    const { fund } = await import('../shell/setup/fund.js');
    const cosigner = await refundCosigner(connection, journal, gatekeeper, options.insecureLoopback === true);
    try {
      const funded = await fund(connection, { escrow, token, amount, refundAfterMs }, cosigner);
      const { balance, refundAt, owner } = funded;
      const at = formatTime(refundAt * 1_000);
      const words = `escrow ${escrow} holds ${balance} of ${token}; what is left of it goes back to ${owner} at ${at}`;
      const json = { event: 'funded', ...funded, balance: balance.toString(), refundAt: at };
      process.stdout.write(`${options.json ? JSON.stringify(json) : words}\n`);
      return 0;
    } finally {
      cosigner.close();
    }
  } finally {
    connection.close();
  }
}
