import type { Environment } from '@gatepost/shared/config/environment';
import { hederaLedger } from '@gatepost/shared/hedera/hedera-ledger';
import { assertReachable } from '@gatepost/shared/hedera/reachability';
import { createLogger } from '@gatepost/shared/log';
import { clipReason, packRecords } from '@gatepost/shared/records/codec';
import { requireDone } from '@gatepost/shared/vocabulary/outcome';
import { printable } from '@gatepost/shared/vocabulary/printable';
import { loadConfig } from '../config/gatekeeper-config.js';
import { connectGatekeeper } from '../shell/access.js';
import { awaitedAttempt } from '../shell/awaited-attempt.js';

export interface DirectOptions {
  readonly config: string;
  readonly run: string;
  readonly reason: string;
}

/** Writes a person's word on a result to the journal, where the serving gatekeeper acts on it; returns the exit code. */
export async function direct(
  env: Environment,
  action: 'approve' | 'reject',
  task: string,
  { config: file, run, reason }: DirectOptions,
): Promise<number> {
  const config = loadConfig(file);
  const log = createLogger('gatekeeper', env);
  const connection = connectGatekeeper(env, config.account);
  try {
    await assertReachable(connection);
    const ledger = hederaLedger(connection, log);
    const attempt = await awaitedAttempt(ledger, config, { run, task }, log);
    const record = { type: 'directive' as const, action, task, attempt, reason: clipReason(reason) };
    for (const message of packRecords(run, [record])) {
      const prepared = await ledger.prepare([{ kind: 'message', topic: config.journal, message }]);
      requireDone(await ledger.execute(prepared));
    }
    process.stdout.write(`${action} ${printable(task)}: written to the journal\n`);
    return 0;
  } finally {
    connection.close();
  }
}
