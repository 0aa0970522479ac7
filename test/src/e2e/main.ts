import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type Exit, runProgram } from '@gatepost/shared/cli/run-program';
import { readEnvironment, requireVariables } from '@gatepost/shared/config/environment';
import { NETWORK_NAMES } from '@gatepost/shared/config/network';
import { parseAccountKey } from '@gatepost/shared/hedera/account-key';
import { accountId } from '@gatepost/shared/vocabulary/ids';
import { Command, Option } from 'commander';
import { CHECKOUT } from '../stage/layout.js';
import { PUBLIC_ACCOUNT_VARIABLES } from '../stage/public-network.js';

/** Nothing is started before every credential is there and readable. */
function checkCredentials(): void {
  const found = requireVariables(readEnvironment(join(CHECKOUT, '.env')), PUBLIC_ACCOUNT_VARIABLES.flat());
  for (const [account, key] of PUBLIC_ACCOUNT_VARIABLES) {
    accountId(found[account], account);
    parseAccountKey(found[key], key);
  }
}

function run(network: string): number {
  if (network !== 'local') checkCredentials();
  const vitest = join(CHECKOUT, 'node_modules/vitest/vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, 'run', 'test/e2e/full-cycle.test.ts'], {
    cwd: CHECKOUT,
    stdio: 'inherit',
    env: { ...process.env, GATEPOST_E2E_NETWORK: network },
  });
  return status ?? 1;
}

const program = (exit: Exit): Command =>
  new Command('npm run e2e --')
    .description('The full cycle with real processes: plan, assignment on HCS, results, gate, payment in an HTS token.')
    .addOption(new Option('--network <name>', 'where to run').choices(NETWORK_NAMES).default('local'))
    .addHelpText(
      'after',
      `
Examples:
  npm run e2e                        on the embedded network; needs nothing
  npm run e2e -- --network testnet   with the accounts in .env: a coordinator and two agents, a few hbar each`,
    )
    .exitOverride()
    .action(({ network }: { network: string }) => exit(run(network)));

process.exitCode = await runProgram(program);
