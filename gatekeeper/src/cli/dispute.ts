import { loadPlan } from '@gatepost/party/plan/plan-file';
import { askArbiter } from '@gatepost/party/run/ask-arbiter';
import { openRun } from '@gatepost/party/run/open-run';
import type { Environment } from '@gatepost/shared/config/environment';
import { hederaLedger } from '@gatepost/shared/hedera/hedera-ledger';
import { assertReachable } from '@gatepost/shared/hedera/reachability';
import { createLogger } from '@gatepost/shared/log';
import { printable } from '@gatepost/shared/vocabulary/printable';
import { loadConfig } from '../config/gatekeeper-config.js';
import { connectGatekeeper } from '../shell/access.js';

export interface DisputeOptions {
  readonly config: string;
  readonly run: string;
  readonly plan: string;
  readonly reason: string;
}

/** Asks the arbiter to have paid what the coordinator does not pay; returns the exit code. */
export async function dispute(env: Environment, task: string, options: DisputeOptions): Promise<number> {
  const config = loadConfig(options.config);
  const log = createLogger('gatekeeper', env);
  const plan = loadPlan(options.plan);
  const connection = connectGatekeeper(env, config.account);
  try {
    await assertReachable(connection);
    const ledger = hederaLedger(connection, log);
    const { journal, coordinator, agents } = config;
    const state = await openRun(ledger, { journal, coordinator, run: options.run, plan, agents }, log);
    const { attempt, schedule } = await askArbiter(connection, ledger, state, { task, reason: options.reason });
    const words = `${printable(task)} (attempt ${attempt.number}): the arbiter is asked to pay ${attempt.price} to ${attempt.agent} by schedule ${schedule}`;
    process.stdout.write(`${words}\n`);
    return 0;
  } finally {
    connection.close();
  }
}
