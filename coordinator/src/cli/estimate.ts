import { loadPlan } from '@gatepost/party/plan/plan-file';
import type { Plan } from '@gatepost/rules/plan/plan';
import { readEnvironment } from '@gatepost/shared/config/environment';
import { createLogger } from '@gatepost/shared/log';
import { formatTinybar } from '@gatepost/shared/vocabulary/amount';
import { unitText } from '@gatepost/shared/vocabulary/custom-fees';
import { type ExchangeRate, formatUsd, toTinybar, usdOf } from '@gatepost/shared/vocabulary/fees';
import { printable } from '@gatepost/shared/vocabulary/printable';
import { DEFAULT_LIMITS } from '../core/decide/limits.js';
import { type CaseEstimate, type Estimate, estimatePlan } from '../core/estimate.js';
import { obstaclesOf, type Standing } from '../core/obstacles.js';
import { requireConfig } from '../shell/setup/config-file.js';
import type { AddCommand } from './command.js';
import { mirrorOf, NETWORK_OPTION, networkOf, printJson } from './options.js';
import { table } from './table.js';

interface EstimateOptions {
  readonly config?: string;
  readonly network?: string;
  readonly json?: true;
}

/** Adds `estimate` to the command line. */
export const addEstimate: AddCommand = (program, exit) => {
  program
    .command('estimate')
    .description('say what a run of a plan will cost, in tokens and in fees, before it is started')
    .argument('<plan>', 'plan file, YAML or JSON')
    .option('--config <file>', "also look at this coordinator's balances and open runs; needs no key")
    .option('--network <name>', `also in hbar, at this network's rate; ${NETWORK_OPTION[1]}`)
    .option('--json', 'print the estimate as JSON')
    .addHelpText(
      'after',
      `
Sends nothing. Fees are from the public price list. The least is for first attempts that are all accepted, records that
share messages as densely as they can, and leases that last; the most is for all attempts of every task, each until its
deadline and one after the other, with a message for each record, a batch for each payment, and leases that are renewed
every 30 s. Not in it: work that is given to another agent because one was lost, restarts of the coordinator, and what
agents pay when they start and while they are idle. With --config the custom fees of the token are named and counted.

Examples:
  coordinator estimate plan.yaml
  coordinator estimate plan.yaml --config coordinator.yaml
  coordinator estimate plan.yaml --network testnet --json

Exit code: 0, or 1 when the least the run can cost is over the plan's max_fees_usd or "run" would not start it for want
of tokens or hbar or because an earlier version is open, 2 for a bad plan.`,
    )
    .action(async (plan: string, options: EstimateOptions) => exit(await estimate(plan, options)));
};

async function standingNow(
  config: ReturnType<typeof requireConfig>,
  network: string | undefined,
  plan: Plan,
): Promise<Standing> {
  const { mirrorReader } = await import('@gatepost/shared/hedera/mirror-reader');
  const { standingOf } = await import('../shell/reports/standing.js');
  const log = createLogger('coordinator', { GATEPOST_LOG_LEVEL: 'warn', ...readEnvironment() });
  return standingOf(mirrorReader(networkOf(network), config.account, log), config, plan, log);
}

async function estimate(file: string, options: EstimateOptions): Promise<number> {
  const plan = loadPlan(file);
  const { config, network } = options;
  const asks = network !== undefined || config !== undefined;
  const rate = asks ? await mirrorOf(network).exchangeRate() : undefined;
  const standing = config === undefined ? undefined : await standingNow(requireConfig(config), network, plan);
  const found = estimatePlan(plan, standing?.terms);
  const obstacles = obstaclesOf(plan, found, standing, rate);
  if (options.json === true) {
    const withUsd = ({ customFees, ...one }: CaseEstimate) => ({
      ...one,
      fees_usd: usdOf(one.fees),
      custom_fees: customFees,
    });
    printJson({
      plan: plan.digest,
      least: withUsd(found.least),
      most: withUsd(found.most),
      rate,
      held: standing && heldJson(standing),
      earlier_run: standing?.earlier?.run,
      obstacles,
    });
  } else {
    const holds = standing === undefined ? [] : [holdsText(standing)];
    process.stdout.write(`${[estimateText(plan, found, rate), ...holds, ...obstacles].join('\n')}\n`);
  }
  return obstacles.length > 0 ? 1 : 0;
}

function heldJson({ token, held }: Standing) {
  const others = [...held].filter(([unit]) => unit !== token && unit !== 'hbar');
  return { tokens: held.get(token) ?? null, tinybar: held.get('hbar'), others: Object.fromEntries(others) };
}

const holdsText = ({ held }: Standing): string => {
  const amounts = [...held].map(([unit, amount]) =>
    amount === undefined ? `none of ${unit}` : unitText(amount, unit),
  );
  return `the coordinator holds ${amounts.join(', ')}`;
};

/** Custom fees of the token in both cases, a line each; none when there are none. */
function customFeeLines({ least, most }: Estimate): string[] {
  return most.customFees.map(({ unit, collector, amount }) => {
    const same = least.customFees.find((fee) => fee.unit === unit && fee.collector === collector);
    const range = `at least ${unitText(same?.amount ?? 0n, unit)}, at most ${unitText(amount, unit)}`;
    return `custom fees of the token, beside these, from the coordinator to ${collector}: ${range}`;
  });
}

function estimateText(plan: Plan, estimated: Estimate, rate: ExchangeRate | undefined): string {
  const { least, most } = estimated;
  const rows = most.kinds.map((kind) => {
    const same = least.kinds.find(({ what }) => what === kind.what);
    return [
      kind.what,
      kind.payer,
      `${same?.count ?? 0}`,
      formatUsd(same?.price ?? 0n),
      `${kind.count}`,
      formatUsd(kind.price),
    ];
  });
  const line = (name: string, one: CaseEstimate): string => {
    const hbar = rate === undefined ? '' : ` (${formatTinybar(toTinybar(one.fees, rate))})`;
    return `${name}: ${one.tokens} tokens, ${one.attempts} attempts, fees ${formatUsd(one.fees)}${hbar}`;
  };
  return [
    `${printable(plan.name)}: ${plan.tasks.length} tasks in ${plan.sequences.length} sequences, plan ${plan.digest}`,
    table(['transactions', 'paid by', 'at least', 'USD', 'at most', 'USD'], rows),
    line('at least, every first attempt accepted', least),
    line('at most, every last attempt accepted', most),
    ...customFeeLines(estimated),
    `not in it: agents that are lost (up to ${DEFAULT_LIMITS.reassignments} attempts more for a task), restarts, idle agents`,
  ].join('\n');
}
