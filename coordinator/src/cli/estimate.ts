import { loadPlan } from '@gatepost/party/plan/plan-file';
import type { Plan } from '@gatepost/rules/plan/plan';
import { agentGateOf } from '@gatepost/rules/run/review-id';
import { membersOf } from '@gatepost/rules/run/task-state';
import { readEnvironment } from '@gatepost/shared/config/environment';
import { usualFillMs, usualSightMs } from '@gatepost/shared/config/network';
import { createLogger } from '@gatepost/shared/log';
import { formatTinybar } from '@gatepost/shared/vocabulary/amount';
import { counted } from '@gatepost/shared/vocabulary/counted';
import { unitText } from '@gatepost/shared/vocabulary/custom-fees';
import { type ExchangeRate, formatUsd, type Tinycents, toTinybar, usdOf } from '@gatepost/shared/vocabulary/fees';
import { type AccountId, accountId, tokenId } from '@gatepost/shared/vocabulary/ids';
import { USUAL_IDLE_LEASE_INTERVAL_MS, USUAL_LEASE_INTERVAL_MS } from '@gatepost/shared/vocabulary/lease';
import { printable } from '@gatepost/shared/vocabulary/printable';
import { formatDurationMs, parseDurationMs } from '@gatepost/shared/vocabulary/time';
import { InvalidArgumentError } from 'commander';
import type { Pace } from '../core/course.js';
import { DEFAULT_LIMITS, limitsOn } from '../core/decide/limits.js';
import {
  type CaseEstimate,
  type Estimate,
  estimatePlan,
  estimateUsual,
  RENEWAL_PRICE,
  type UsualEstimate,
} from '../core/estimate.js';
import { obstaclesOf, type Standing } from '../core/obstacles.js';
import { requireConfig } from '../shell/setup/config-file.js';
import type { AddCommand } from './command.js';
import { mirrorOf, NETWORK_OPTION, networkOf, printJson } from './options.js';
import { table } from './table.js';

interface EstimateOptions {
  readonly config?: string;
  readonly network?: string;
  readonly agents?: number;
  readonly slots: number;
  readonly taskTime: number;
  readonly outputSize: number;
  readonly sameOutput?: true;
  readonly fillWithin?: number;
  readonly json?: true;
}

/** Filling delays whose price is told besides, milliseconds. */
const FILLING_DELAYS = [0, 1_000, 10_000];
const DAY_MS = 86_400_000;

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('Write a whole number from 1 to 99999.');
  return Number(text);
}

function byteCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Write how many bytes, such as 100.');
  return Number(text);
}

function durationArgument(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined) throw new InvalidArgumentError('Write a duration such as 500ms, 30s or 10m.');
  return ms;
}

/** Adds `estimate` to the command line. */
export const addEstimate: AddCommand = (program, exit) => {
  program
    .command('estimate')
    .description('say what a run of a plan will cost, in tokens and in fees, before it is started')
    .argument('<plan>', 'plan file, YAML or JSON')
    .option('--config <file>', "also look at this coordinator's balances and open runs; needs no key")
    .option('--network <name>', `also in hbar, at this network's rate; ${NETWORK_OPTION[1]}`)
    .option('--agents <n>', 'agents that work on it; those of the configuration, else as few as can', wholeNumber)
    .option('--slots <n>', 'attempts that an agent works on at the same time', wholeNumber, 2)
    .option('--task-time <duration>', 'how long a task usually takes', durationArgument, 60_000)
    .option('--output-size <bytes>', 'how large an output usually is', byteCount, 100)
    .option('--same-output', 'all outputs are the same, as of tasks that only say that they are done; else no two are')
    .option('--fill-within <duration>', "the filling delay; the configuration's, else the network's", durationArgument)
    .option('--json', 'print the estimate as JSON')
    .addHelpText(
      'after',
      `
Sends nothing. Fees are from the public price list. The least is for first attempts that are all accepted, records that
share messages as densely as they can, and leases that last; the most is for all attempts of every task, each until its
deadline and one after the other, with a message for each record, a batch for each payment, and leases that are renewed
every hour. What it usually costs is for first attempts that are all accepted, records that share messages as they do when
agents work as you say, and leases that are renewed because of it: one that is older than an hour at the first work (that
of every agent, unless --config says which they are), then every hour. It also says what other filling delays (fill_within
in the configurations) would cost. Not in it: work that is given to another agent because one was lost, restarts of the coordinator, and what
agents pay when they start and while they are idle. With --config the custom fees of the token are named and counted.

Examples:
  coordinator estimate plan.yaml
  coordinator estimate plan.yaml --config coordinator.yaml --slots 4 --task-time 5m
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

/** As few agents as can do a plan: a quorum's members differ, and nobody reviews his own work. */
const fewestAgents = ({ tasks }: Plan): number =>
  tasks.reduce((most, task) => Math.max(most, membersOf(task) + (agentGateOf(task) === undefined ? 0 : 1)), 1);

/** Where nothing else is known of an account: as long as new ones are. */
const FIRST_UNKNOWN = 10_000_000;

/** How the plan will be worked at, as the options, the configuration and the network say. */
function paceOf(plan: Plan, options: EstimateOptions, config: ReturnType<typeof requireConfig> | undefined): Pace {
  const network = networkOf(options.network);
  const known: readonly AccountId[] = config?.agents ?? [];
  const count = options.agents ?? Math.max(known.length, fewestAgents(plan));
  const agents = Array.from({ length: count }, (_, n) => known[n] ?? accountId(`0.0.${FIRST_UNKNOWN + n}`));
  return {
    agents,
    token: config?.token ?? tokenId(`0.0.${FIRST_UNKNOWN - 1}`),
    slots: options.slots,
    taskMs: options.taskTime,
    outputBytes: options.outputSize,
    isSameOutput: options.sameOutput === true,
    fillMs: options.fillWithin ?? config?.fillMs ?? usualFillMs(network),
    ledgerMs: usualSightMs(network),
    limits: limitsOn(network.mirrorPerSecond !== undefined, config?.limits),
  };
}

/** The usual case, and the price of other filling delays. */
interface Usual {
  readonly pace: Pace;
  readonly estimated: UsualEstimate;
  readonly byFillMs: ReadonlyMap<number, UsualEstimate>;
}

async function usualOf(plan: Plan, options: EstimateOptions, standing: Standing | undefined): Promise<Usual> {
  const config = options.config === undefined ? undefined : requireConfig(options.config);
  const pace = paceOf(plan, options, config);
  let hasOldLease: ((agent: AccountId) => boolean) | undefined;
  if (config !== undefined) {
    const { oldLeases } = await import('../shell/reports/old-leases.js');
    const old = await oldLeases(mirrorOf(options.network), config.agents);
    const listed = new Set(config.agents);
    hasOldLease = (agent) => old.has(agent) || !listed.has(agent);
  }
  const at = (fillMs: number) => estimateUsual(plan, { ...pace, fillMs }, standing?.terms, hasOldLease);
  const delays = [...new Set([...FILLING_DELAYS, pace.fillMs])].sort((a, b) => a - b);
  const byFillMs = new Map(delays.map((fillMs) => [fillMs, at(fillMs)]));
  return { pace, estimated: byFillMs.get(pace.fillMs) ?? at(pace.fillMs), byFillMs };
}

/** What the leases of one agent cost in a day. */
const leasesPerDay = (intervalMs: number): Tinycents => (RENEWAL_PRICE * BigInt(DAY_MS)) / BigInt(intervalMs);

async function estimate(file: string, options: EstimateOptions): Promise<number> {
  const plan = loadPlan(file);
  const { config, network } = options;
  const asks = network !== undefined || config !== undefined;
  const rate = asks ? await mirrorOf(network).exchangeRate() : undefined;
  const standing = config === undefined ? undefined : await standingNow(requireConfig(config), network, plan);
  const found = estimatePlan(plan, standing?.terms);
  const usual = await usualOf(plan, options, standing);
  const obstacles = obstaclesOf(plan, found, standing, rate);
  if (options.json === true) {
    const withUsd = <T extends CaseEstimate>({ customFees, ...one }: T) => ({
      ...one,
      fees_usd: usdOf(one.fees),
      custom_fees: customFees,
    });
    printJson({
      plan: plan.digest,
      least: withUsd(found.least),
      usual: withUsd(usual.estimated),
      most: withUsd(found.most),
      filling_delays: [...usual.byFillMs].map(([ms, { fees }]) => ({ ms, fees_usd: usdOf(fees) })),
      lease_usd_per_day: {
        working: usdOf(leasesPerDay(USUAL_LEASE_INTERVAL_MS)),
        idle: usdOf(leasesPerDay(USUAL_IDLE_LEASE_INTERVAL_MS)),
      },
      rate,
      held: standing && heldJson(standing),
      earlier_run: standing?.earlier?.run,
      obstacles,
    });
  } else {
    const holds = standing === undefined ? [] : [holdsText(standing)];
    process.stdout.write(`${[estimateText(plan, found, usual, rate), ...holds, ...obstacles].join('\n')}\n`);
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

/** Under what the usual case stands, and what else could be chosen. */
function usualLines({ pace, estimated, byFillMs }: Usual): string[] {
  const { agents, slots, taskMs, outputBytes, isSameOutput, fillMs } = pace;
  const outputs = isSameOutput ? `one output of ${outputBytes} bytes for all` : `outputs of ${outputBytes} bytes`;
  const delays = [...byFillMs].map(
    ([ms, { fees }]) => `${formatDurationMs(ms)} ${formatUsd(fees)}${ms === fillMs ? ' (as it is)' : ''}`,
  );
  const [working, idle] = [USUAL_LEASE_INTERVAL_MS, USUAL_IDLE_LEASE_INTERVAL_MS].map((ms) =>
    formatUsd(leasesPerDay(ms)),
  );
  return [
    `usually: ${counted(agents.length, 'agent')} of ${counted(slots, 'slot')}, ${formatDurationMs(taskMs)} for a task, ${outputs}; it takes ${formatDurationMs(estimated.ms)}`,
    `by filling delay (fill_within): ${delays.join(', ')}`,
    `leases of an agent: ${working} a day at work, ${idle} without work`,
  ];
}

function estimateText(plan: Plan, estimated: Estimate, usual: Usual, rate: ExchangeRate | undefined): string {
  const { least, most } = estimated;
  const cells = (one: CaseEstimate, name: string): string[] => {
    const kind = one.kinds.find(({ what }) => what === name);
    return [`${kind?.count ?? 0}`, formatUsd(kind?.price ?? 0n)];
  };
  const names = new Set([most, usual.estimated].flatMap(({ kinds }) => kinds.map(({ what }) => what)));
  const payers = new Map([...most.kinds, ...usual.estimated.kinds].map(({ what, payer }) => [what, payer]));
  const rows = [...names].map((name) => [
    name,
    payers.get(name) ?? '',
    ...[least, usual.estimated, most].flatMap((one) => cells(one, name)),
  ]);
  const line = (name: string, one: CaseEstimate): string => {
    const hbar = rate === undefined ? '' : ` (${formatTinybar(toTinybar(one.fees, rate))})`;
    return `${name}: ${one.tokens} tokens, ${counted(one.attempts, 'attempt')}, fees ${formatUsd(one.fees)}${hbar}`;
  };
  return [
    `${printable(plan.name)}: ${counted(plan.tasks.length, 'task')} in ${counted(plan.sequences.length, 'sequence')}, plan ${plan.digest}`,
    table(['transactions', 'paid by', 'at least', 'USD', 'usually', 'USD', 'at most', 'USD'], rows),
    line('at least, every first attempt accepted', least),
    line('usually, every first attempt accepted', usual.estimated),
    line('at most, every last attempt accepted', most),
    ...customFeeLines(estimated),
    ...usualLines(usual),
    `not in it: agents that are lost (up to ${counted(DEFAULT_LIMITS.reassignments, 'attempt')} more for a task), restarts, idle agents`,
  ].join('\n');
}
