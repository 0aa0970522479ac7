import { ENV_FILE, type Environment } from '@gatepost/shared/config/environment';
import { assertReachable } from '@gatepost/shared/hedera/reachability';
import { connectAgent } from '../shell/access.js';
import { describeInit, type InitOptions, init } from '../shell/init.js';
import { assertInvited, invitationOf, keepNetwork, withNetwork } from '../shell/join.js';
import { makeNewKey, withAccount } from '../shell/new-key.js';

function newKey(env: Environment, json: boolean): number {
  const evmAddress = makeNewKey(env);
  const text = `made a key and wrote it to ${ENV_FILE}; send some hbar to ${evmAddress}, then run init without --new-key`;
  process.stdout.write(`${json ? JSON.stringify({ evmAddress, file: ENV_FILE }) : text}\n`);
  return 0;
}

/** Prepares an agent and prints what was done; returns the exit code. */
export async function initCommand(
  env: Environment,
  options: InitOptions & { readonly json?: boolean },
): Promise<number> {
  if (options.newKey === true) return newKey(env, options.json === true);
  const pasted = invitationOf(options);
  const connection = connectAgent(await withAccount(withNetwork(env, pasted)));
  try {
    await assertReachable(connection);
    const joined = await assertInvited(connection, pasted);
    keepNetwork(env, pasted);
    const report = await init(connection, { ...options, ...joined });
    const line = options.json
      ? JSON.stringify({ ...report, costTinybar: report.costTinybar.toString() })
      : describeInit(report);
    process.stdout.write(`${line}\n`);
    return 0;
  } finally {
    connection.close();
  }
}
