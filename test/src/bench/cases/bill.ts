import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messagePrice, tokenTransferPrice, usdOf } from '@gatepost/shared/vocabulary/fees';
import { USUAL_IDLE_LEASE_INTERVAL_MS, USUAL_LEASE_INTERVAL_MS } from '@gatepost/shared/vocabulary/lease';
import { runCommand } from 'gatepost/stage/command';
import type { BenchCase, Figures } from '../bench-case.js';
import { dayOfLeases } from '../day-of-leases.js';
import type { Place } from '../place.js';
import { independentTasks, ownOutput } from '../plans.js';
import { withPlace } from './with-place.js';

const TASKS = 10_000;
/** No more than there are tasks, where only a few are asked for. */
const AGENTS = 20;
const SLOTS = 128;
/** As on the public networks, where messages cost money. */
const FILL_WITHIN = '1s';
/** Of `{"done":true,"own":1234}`: tasks have outputs of their own, as they mostly do; those that are alike share records. */
const OUTPUT_BYTES = 24;
/** Enough for all of them. */
const ESCROW = 1_000_000n;
const CENTI_USD = 100;
/** Of a message that says one thing of one attempt. */
const PLAIN_MESSAGE_BYTES = 250;
/** Assignment, start, result and payment. */
const PLAIN_MESSAGES = 4;
const MINUTE_MS = 60_000;
const MINUTES_PER_DAY = 1_440;
const POLICY = { intervalMs: USUAL_LEASE_INTERVAL_MS, idleIntervalMs: USUAL_IDLE_LEASE_INTERVAL_MS };
/** Tasks of a minute, with the deadline of the benchmark's plans. */
const WORK = { taskMs: MINUTE_MS, deadlineMs: 10 * MINUTE_MS };

const agentsFor = (tasks: number): number => Math.min(AGENTS, tasks);

interface Billed {
  readonly usd: number;
  readonly tinybar: string;
  readonly kinds: readonly { readonly name: string; readonly count: number; readonly tinybar: string }[];
}

interface Estimated {
  readonly usual: {
    readonly kinds: readonly { readonly what: string; readonly count: number; readonly price: string }[];
    readonly fees_usd: number;
  };
  readonly lease_usd_per_day: { readonly working: number; readonly idle: number };
}

/** Kinds of transactions as the mirror names them, by what an estimate calls them; none where a bill does not tell of it. */
const KINDS: Readonly<Record<string, string | undefined>> = {
  'run opened, closed': 'messages',
  'coordinator begins, ends': undefined,
  assignments: 'messages',
  reports: 'messages',
  verdicts: 'messages',
  'payment records': 'messages',
  'atomic batches': 'atomic batches',
  'token transfers': 'token transfers',
  guards: 'schedules',
  'lease renewals': 'schedules',
};
const NAMES: Readonly<Record<string, string>> = {
  CONSENSUSSUBMITMESSAGE: 'messages',
  ATOMICBATCH: 'atomic batches',
  CRYPTOTRANSFER: 'token transfers',
  SCHEDULECREATE: 'schedules',
  SCHEDULEDELETE: 'schedules',
};

/** How many transactions of a kind there are and what they cost, in US dollars. */
type Kinds = Map<string, { count: number; usd: number }>;

function addTo(kinds: Kinds, name: string, count: number, usd: number): void {
  const known = kinds.get(name) ?? { count: 0, usd: 0 };
  kinds.set(name, { count: known.count + count, usd: known.usd + usd });
}

/** By kind of transaction, whoever paid it. */
function kindsOfBill({ usd, tinybar, kinds: given }: Billed): Kinds {
  const kinds: Kinds = new Map();
  for (const { name, count, tinybar: part } of given) {
    addTo(kinds, NAMES[name] ?? name, count, (usd * Number(part)) / Number(tinybar));
  }
  return kinds;
}

function kindsOfEstimate({ usual }: Estimated): Kinds {
  const kinds: Kinds = new Map();
  for (const { what, count, price } of usual.kinds) {
    const name = what in KINDS ? KINDS[what] : what;
    if (name !== undefined) addTo(kinds, name, count, usdOf(BigInt(price)));
  }
  return kinds;
}

const total = (kinds: Kinds): number => [...kinds.values()].reduce((sum, { usd }) => sum + usd, 0);

async function json<T>(args: readonly string[], env: Parameters<typeof runCommand>[2]): Promise<T> {
  const { code, stdout, stderr } = await runCommand('coordinator', [...args, '--json'], env);
  if (code !== 0) throw new Error(`coordinator ${args[0]} ended with exit code ${code}: ${stderr || stdout}`);
  return JSON.parse(stdout) as T;
}

/** Estimates, does the tasks, and has the bill made. */
async function billed({ run, stage, network }: Place, directory: string, tasks: number): Promise<Figures> {
  const plan = independentTasks(tasks, ownOutput);
  const file = join(directory, 'estimated.json');
  writeFileSync(file, JSON.stringify(plan));
  const { configFile } = stage.coordinator;
  const pace = ['--slots', `${SLOTS}`, '--task-time', '0s', '--output-size', `${OUTPUT_BYTES}`];
  const estimated = kindsOfEstimate(await json(['estimate', file, '--config', configFile, ...pace], network.env));
  await run(plan);
  const kinds = kindsOfBill(await json<Billed>(['bill', '--journal', stage.journal], network.env));
  const figures: Record<string, number> = {
    'all, US cents/task': (total(kinds) * CENTI_USD) / tasks,
    'all, estimated before, US cents/task': (total(estimated) * CENTI_USD) / tasks,
    'all, estimate / bill': total(estimated) / total(kinds),
  };
  for (const name of new Set([...kinds.keys(), ...estimated.keys()])) {
    const [is, was] = [kinds, estimated].map((of) => of.get(name) ?? { count: 0, usd: 0 });
    figures[`${name}, number`] = is?.count ?? 0;
    figures[`${name}, number estimated`] = was?.count ?? 0;
    figures[`${name}, US cents/task`] = ((is?.usd ?? 0) * CENTI_USD) / tasks;
    figures[`${name}, estimated, US cents/task`] = ((was?.usd ?? 0) * CENTI_USD) / tasks;
  }
  return figures;
}

/** The same where a gatekeeper judges, which no estimate is made for. */
async function billedOnly({ run, stage, network }: Place, tasks: number): Promise<Figures> {
  await run(independentTasks(tasks, ownOutput));
  const kinds = kindsOfBill(await json<Billed>(['bill', '--journal', stage.journal], network.env));
  const each = [...kinds].map(([name, { usd }]) => [`${name}, US cents/task`, (usd * CENTI_USD) / tasks]);
  return { 'all, US cents/task': (total(kinds) * CENTI_USD) / tasks, ...Object.fromEntries(each) };
}

/** A day of leases, beside what is estimated for a run of as many tasks as that day holds, and for a day without work. */
async function billedDay(directory: string, agents: number): Promise<Figures> {
  const file = join(directory, 'day.json');
  writeFileSync(file, JSON.stringify(independentTasks(agents * MINUTES_PER_DAY)));
  const pace = ['--agents', `${agents}`, '--slots', '1', '--task-time', '1m'];
  const estimated = await json<Estimated>(['estimate', file, ...pace], { GATEPOST_NETWORK: 'local' });
  const renewals = estimated.usual.kinds.find(({ what }) => what === 'lease renewals')?.price ?? '0';
  const work = usdOf(BigInt(renewals)) / agents;
  const { idle } = estimated.lease_usd_per_day;
  const worked = (await dayOfLeases(agents, POLICY, WORK)).usd / agents;
  const idled = (await dayOfLeases(agents, POLICY)).usd / agents;
  return {
    'an agent at work, USD/day': worked,
    'an agent at work, estimated for the run of that day, USD': work,
    'an agent at work, estimate / bill': work / worked,
    'an agent without work, USD/day': idled,
    'an agent without work, estimated, USD/day': idle,
    'an agent without work, estimate / bill': idle / idled,
  };
}

/** What the network charges. */
export const bill: BenchCase = {
  title: `the bill, from opening to closing, ${AGENTS} agents, or one for each task, that wait ${FILL_WITHIN} to fill messages, beside its estimate`,
  rounds: 1,
  contestants: ({ tasks = TASKS }) => [
    {
      name: 'gatepost',
      measure: (directory) =>
        withPlace(directory, (place) => billed(place, directory, tasks), {
          daemons: agentsFor(tasks),
          slots: SLOTS,
          fillWithin: FILL_WITHIN,
        }),
    },
    {
      name: 'gatepost, two agents, with a gatekeeper that judges and an escrow that pays, who fill messages while others are under way',
      measure: (directory) => withPlace(directory, (place) => billedOnly(place, tasks), { fund: ESCROW }),
    },
    {
      name: 'the plainest protocol: a message for each step, a transfer for each task (computed)',
      measure: async () => {
        const messages = usdOf(messagePrice(PLAIN_MESSAGE_BYTES)) * PLAIN_MESSAGES * CENTI_USD;
        const transfer = usdOf(tokenTransferPrice(2)) * CENTI_USD;
        return {
          'all, US cents/task': messages + transfer,
          'messages, US cents/task': messages,
          'token transfers, US cents/task': transfer,
        };
      },
    },
    {
      name: 'leases of as many agents, a day of tasks of a minute and a day without work, clock advanced',
      measure: (directory) => billedDay(directory, agentsFor(tasks)),
    },
  ],
};
