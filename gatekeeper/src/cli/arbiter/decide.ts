import type { Environment } from '@gatepost/shared/config/environment';
import { assertReachable } from '@gatepost/shared/hedera/reachability';
import { createLogger } from '@gatepost/shared/log';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { printable } from '@gatepost/shared/vocabulary/printable';
import { connectArbiter } from '../../shell/access.js';
import { decideDispute } from '../../shell/arbiter/decide-dispute.js';
import { namedRun, type RunOptions } from './run-options.js';

export interface DecideOptions {
  readonly pay?: true;
  readonly refuse?: true;
  readonly reason: string;
}

/** Writes the decision, and signs when it is to pay; returns the exit code. */
export async function decideCommand(
  env: Environment,
  task: string,
  options: RunOptions & DecideOptions,
): Promise<number> {
  if ((options.pay === true) === (options.refuse === true))
    throw new GatepostError('USAGE', 'say either --pay or --refuse');
  const named = namedRun(options);
  const connection = connectArbiter(env);
  try {
    await assertReachable(connection);
    const pay = options.pay === true;
    const log = createLogger('arbiter', env);
    const { attempt, agent, price } = await decideDispute(
      connection,
      named,
      { task, pay, reason: options.reason },
      log,
    );
    const words = pay ? `${price} were paid to ${agent}` : 'it is not paid';
    process.stdout.write(`${printable(task)} (attempt ${attempt}): ${words}\n`);
    return 0;
  } finally {
    connection.close();
  }
}
