import type { RunState } from '@gatepost/rules/run/run-state';
import { readEnvironment } from '@gatepost/shared/config/environment';
import type { Connection } from '@gatepost/shared/hedera/connection';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import { connectCoordinator } from './command.js';
import { type RunViewOptions, viewOf } from './view.js';

/** What the owner of a run acts with. */
interface Owner {
  readonly connection: Connection;
  readonly ledger: Ledger;
  /** The run as the topics tell it now. */
  readonly state: RunState;
}

/**
 * Does something to a run with the coordinator's key, and prints in one line what was done.
 * @returns the exit code.
 * @throws GatepostError INVALID_CONFIG when the configuration is another account's, and what the act ends with.
 */
export async function asOwner(options: RunViewOptions, act: (owner: Owner) => Promise<string>): Promise<number> {
  const connection = await connectCoordinator(readEnvironment());
  try {
    const { requireOwnConfig } = await import('../shell/setup/config-file.js');
    requireOwnConfig(options.config, connection.account);
    const { read, log } = await viewOf(options);
    const { assertReachable } = await import('@gatepost/shared/hedera/reachability');
    await assertReachable(connection);
    const { hederaLedger } = await import('@gatepost/shared/hedera/hedera-ledger');
    const ledger = hederaLedger(connection, log);
    process.stdout.write(`${await act({ connection, ledger, state: await read() })}\n`);
    return 0;
  } finally {
    connection.close();
  }
}
