import { attested, tellEnvelope } from '@gatepost/party/attestation/attest';
import { loadPlan } from '@gatepost/party/plan/plan-file';
import { openRun } from '@gatepost/party/run/open-run';
import type { Environment } from '@gatepost/shared/config/environment';
import { hederaLedger } from '@gatepost/shared/hedera/hedera-ledger';
import { assertReachable } from '@gatepost/shared/hedera/reachability';
import { createLogger } from '@gatepost/shared/log';
import { loadConfig } from '../config/gatekeeper-config.js';
import { connectGatekeeper } from '../shell/access.js';

export interface AttestOptions {
  readonly config: string;
  readonly plan: string;
  readonly run: string;
  readonly attempt?: number;
  readonly out?: string;
}

/** Signs a statement of what this gatekeeper judged, as the ledger shows it; returns the exit code. */
export async function attest(
  env: Environment,
  task: string,
  { config: file, plan: planFile, run, attempt, out }: AttestOptions,
): Promise<number> {
  const config = loadConfig(file);
  const plan = loadPlan(planFile);
  const log = createLogger('gatekeeper', { GATEPOST_LOG_LEVEL: 'warn', ...env });
  const connection = connectGatekeeper(env, config.account);
  try {
    await assertReachable(connection);
    const { journal, coordinator, agents } = config;
    const state = await openRun(hederaLedger(connection, log), { journal, coordinator, run, plan, agents }, log);
    tellEnvelope(attested(state, connection, task, attempt), out);
    return 0;
  } finally {
    connection.close();
  }
}
