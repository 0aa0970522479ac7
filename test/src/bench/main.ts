import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Exit, runProgram } from '@gatepost/shared/cli/run-program';
import { Command, InvalidArgumentError } from 'commander';
import type { BenchCase, Contestant, Figures, Scale } from './bench-case.js';
import { bill } from './cases/bill.js';
import { chain } from './cases/chain.js';
import { crowd } from './cases/crowd.js';
import { executors } from './cases/executors.js';
import { history } from './cases/history.js';
import { idle } from './cases/idle.js';
import { largePlan } from './cases/large-plan.js';
import { manyRuns } from './cases/many-runs.js';
import { oneByOne } from './cases/one-by-one.js';
import { slowNetwork } from './cases/slow-network.js';
import { throughput } from './cases/throughput.js';
import { describeMachine, redisVersion } from './machine.js';
import { formatNumber, type Spread, spreadOf } from './numbers.js';

const CASES: Readonly<Record<string, BenchCase>> = {
  a: throughput,
  b: oneByOne,
  c: chain,
  d: slowNetwork,
  e: history,
  f: largePlan,
  g: executors,
  h: idle,
  i: bill,
  j: crowd,
  k: manyRuns,
};

interface Options {
  readonly cases: readonly string[];
  readonly rounds?: number;
  readonly tasks?: number;
  readonly json?: string;
  readonly profile?: string;
  readonly keep?: true;
}

/** What the rounds of a contestant came to. */
interface Standing {
  readonly name: string;
  readonly figures: Readonly<Record<string, Spread & { readonly rounds: readonly number[] }>>;
}

const say = (line: string) => void process.stdout.write(`${line}\n`);

function standingOf(name: string, rounds: readonly Figures[]): Standing {
  const names = Object.keys(rounds[0] ?? {});
  const figures = names.map((figure) => {
    const values = rounds.map((round) => round[figure] ?? Number.NaN);
    return [figure, { ...spreadOf(values), rounds: values }] as const;
  });
  return { name, figures: Object.fromEntries(figures) };
}

function sayStanding({ name, figures }: Standing): void {
  say(`  ${name}`);
  const width = Math.max(...Object.keys(figures).map(({ length }) => length));
  for (const [figure, { median, least, most }] of Object.entries(figures)) {
    const spread = least === most ? '' : `  (${formatNumber(least)} to ${formatNumber(most)})`;
    say(`    ${figure.padEnd(width)}  ${formatNumber(median)}${spread}`);
  }
}

/** The rounds of a case, those of its contestants in turn, so that what troubles the machine troubles all alike. */
async function measureCase(
  found: BenchCase,
  contestants: readonly Contestant[],
  rounds: number,
  directory: string,
): Promise<Standing[]> {
  const measured = contestants.map(({ name }) => ({ name, rounds: [] as Figures[] }));
  for (let round = 1; round <= rounds; round += 1) {
    for (const [index, { name, measure }] of contestants.entries()) {
      const own = join(directory, `${round}-${index}`);
      mkdirSync(own, { recursive: true });
      process.stderr.write(`${found.title}: round ${round} of ${rounds}, ${name}\n`);
      measured[index]?.rounds.push(await measure(own));
    }
  }
  return measured.map(({ name, rounds: figures }) => standingOf(name, figures));
}

async function bench(options: Options): Promise<void> {
  const machine = describeMachine();
  for (const [name, what] of Object.entries(machine)) say(`${name}: ${what}`);
  const hasRedis = redisVersion() !== undefined;
  const directory = mkdtempSync(join(tmpdir(), 'gatepost-bench-'));
  const results: Record<string, unknown> = {};
  const scale: Scale = {
    ...(options.tasks === undefined ? {} : { tasks: options.tasks }),
    ...(options.profile === undefined ? {} : { profiles: options.profile }),
  };
  for (const id of options.cases) {
    const found = CASES[id];
    if (found === undefined) continue;
    const all = found.contestants(scale);
    const able = all.filter(({ needsRedis }) => needsRedis !== true || hasRedis);
    const standings = await measureCase(found, able, options.rounds ?? found.rounds, join(directory, id));
    say(`\n(${id}) ${found.title}`);
    for (const standing of standings) sayStanding(standing);
    for (const { name } of all.filter((one) => !able.includes(one)))
      say(`  ${name}: not measured, for there is no redis-server here (Debian: apt-get install redis-server)`);
    results[id] = { title: found.title, standings };
  }
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify({ machine, cases: results }, undefined, 2)}\n`);
  }
  if (options.keep === true) say(`\nlogs: ${directory}`);
  else rmSync(directory, { recursive: true, force: true });
}

function caseIds(text: string): readonly string[] {
  const ids = text.split(',');
  const unknown = ids.filter((id) => CASES[id] === undefined);
  if (unknown.length === 0) return ids;
  throw new InvalidArgumentError(`There is no case ${unknown.join(', ')}; there are ${Object.keys(CASES).join(', ')}.`);
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,7}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1 to 99999999.');
  return Number(text);
}

const program = (exit: Exit): Command =>
  new Command('npm run bench --')
    .description(
      'What a task costs and how fast it is, with real processes, beside BullMQ on a Redis that keeps every write.',
    )
    .option('--cases <ids>', 'only these, with commas between them', caseIds, Object.keys(CASES))
    .option('--rounds <n>', 'rounds of each case; medians are told, with the least and the most', positive)
    .option('--tasks <n>', "tasks of each case, in place of the case's own number", positive)
    .option('--json <file>', 'write machine, versions and all rounds there')
    .option('--profile <dir>', 'case a: write profiles of coordinator and daemons there, for Chrome or speedscope')
    .option('--keep', 'keep what the processes wrote')
    .addHelpText(
      'after',
      `
Cases:
${Object.entries(CASES)
  .map(([id, { title }]) => `  ${id}  ${title}`)
  .join('\n')}

Without redis-server the peer is left out and said to be.

Examples:
  npm run bench
  npm run bench -- --cases a --rounds 5 --json bench.json`,
    )
    .exitOverride()
    .action(async (options: Options) => {
      await bench(options);
      exit(0);
    });

process.exitCode = await runProgram(program);
