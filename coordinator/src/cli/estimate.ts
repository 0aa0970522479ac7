import type { Plan } from '@gatepost/rules/plan/plan';
import { formatTinybar } from '@gatepost/shared/vocabulary/amount';
import { type ExchangeRate, formatUsd, toTinybar, usdOf } from '@gatepost/shared/vocabulary/fees';
import { printable } from '@gatepost/shared/vocabulary/printable';
import { DEFAULT_LIMITS } from '../core/decide/limits.js';
import { type CaseEstimate, type Estimate, estimatePlan } from '../core/estimate.js';
import { loadPlan } from '../shell/plan/plan-file.js';
import type { AddCommand } from './command.js';
import { mirrorOf, NETWORK_OPTION, printJson } from './options.js';
import { table } from './table.js';

interface EstimateOptions {
  readonly network?: string;
  readonly json?: true;
}

/** Adds `estimate` to the command line. */
export const addEstimate: AddCommand = (program, exit) => {
  program
    .command('estimate')
    .description('say what a run of a plan will cost, in tokens and in fees, before it is started')
    .argument('<plan>', 'plan file, YAML or JSON')
    .option('--network <name>', `also in hbar, at this network's rate; ${NETWORK_OPTION[1]}`)
    .option('--json', 'print the estimate as JSON')
    .addHelpText(
      'after',
      `
Sends nothing. Fees are from the public price list, each record in a message of its own; records that share one cost
less. Leases of agents are not in it: each renewal costs its agent about $0.011.

Examples:
  coordinator estimate plan.yaml
  coordinator estimate plan.yaml --network testnet --json

Exit code: 0, or 1 when the least the run can cost is over the plan's max_fees_usd, 2 for a bad plan.`,
    )
    .action(async (plan: string, options: EstimateOptions) => exit(await estimate(plan, options)));
};

async function estimate(file: string, options: EstimateOptions): Promise<number> {
  const plan = loadPlan(file);
  const found = estimatePlan(plan, DEFAULT_LIMITS.settleAfter);
  const rate = options.network === undefined ? undefined : await mirrorOf(options.network).exchangeRate();
  const over = plan.maxFeesUsd !== undefined && usdOf(found.least.fees) > plan.maxFeesUsd;
  if (options.json === true) {
    const withUsd = (one: CaseEstimate) => ({ ...one, fees_usd: usdOf(one.fees) });
    printJson({ plan: plan.digest, least: withUsd(found.least), most: withUsd(found.most), rate, over_budget: over });
  } else {
    process.stdout.write(`${estimateText(plan, found, rate)}\n`);
    if (over)
      process.stdout.write(`The fees are over max_fees_usd ${plan.maxFeesUsd}; raise it or shorten the plan.\n`);
  }
  return over ? 1 : 0;
}

function estimateText(plan: Plan, { least, most }: Estimate, rate: ExchangeRate | undefined): string {
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
  ].join('\n');
}
