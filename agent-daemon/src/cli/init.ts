import type { Environment } from '@gatepost/shared/config/environment';
import { assertReachable } from '@gatepost/shared/hedera/reachability';
import { connectAgent } from '../shell/access.js';
import { describeInit, type InitOptions, init } from '../shell/init.js';

/** Prepares an agent and prints what was done; returns the exit code. */
export async function initCommand(
  env: Environment,
  options: InitOptions & { readonly json?: boolean },
): Promise<number> {
  const connection = connectAgent(env);
  try {
    await assertReachable(connection);
    const report = await init(connection, options);
    const line = options.json
      ? JSON.stringify({ ...report, costTinybar: report.costTinybar.toString() })
      : describeInit(report);
    process.stdout.write(`${line}\n`);
    return 0;
  } finally {
    connection.close();
  }
}
