import type { Environment } from '@gatepost/shared/config/environment';
import { assertReachable } from '@gatepost/shared/hedera/reachability';
import { connectGatekeeper } from '../shell/access.js';
import { type InitOptions, init } from '../shell/init.js';

/** Prepares a gatekeeper and prints what was done; returns the exit code. */
export async function initCommand(
  env: Environment,
  options: InitOptions & { readonly json?: boolean },
): Promise<number> {
  const connection = connectGatekeeper(env);
  try {
    await assertReachable(connection);
    const report = await init(connection, options);
    const { done, config } = report;
    const text = done.length === 0 ? `nothing to do: ${config} is complete` : done.join('\n');
    process.stdout.write(`${options.json ? JSON.stringify(report) : text}\n`);
    return 0;
  } finally {
    connection.close();
  }
}
