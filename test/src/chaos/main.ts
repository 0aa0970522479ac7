import { randomInt } from 'node:crypto';
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Exit, runProgram } from '@gatepost/shared/cli/run-program';
import { Command, InvalidArgumentError } from 'commander';
import type { RoundReport } from './round.js';
import { sweep } from './sweep.js';

const MS_PER_MINUTE = 60_000;
const MAX_SEED = 2 ** 31;
const DEFAULT_ROUNDS = 10;

interface Options {
  readonly seed?: number;
  readonly rounds?: number;
  readonly minutes?: number;
  readonly directory?: string;
  readonly json?: true;
  readonly keep?: true;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('It is a whole number.');
  return Number(text);
}

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** A round on one line, and below it whatever went wrong. */
function sayRound(report: RoundReport, number: number): void {
  const { seed, findings, violations, faults, notes, seconds } = report;
  const { outcome, done, tasks, attempts, payments } = findings;
  const paid = `${done} of ${tasks} tasks done, ${attempts} attempts, ${payments} payments`;
  say(`round ${number}, seed ${seed}: ${outcome}, ${paid}, ${faults.length} faults, ${seconds} s`);
  for (const note of findings.unpaid) say(`  not done: ${note}`);
  for (const note of notes) say(`  note: ${note}`);
  if (violations.length === 0) return;
  for (const fault of faults) say(`  fault: ${fault}`);
  for (const { rule, subject, found } of violations) say(`  VIOLATION ${rule} ${subject}: ${found}`);
  say(`  replay: npm run chaos -- --seed ${seed} --rounds 1 --keep`);
}

function* seedsFrom(seed: number, rounds: number): Iterable<number> {
  for (let round = 0; round < rounds; round += 1) yield seed + round;
}

async function chaos(options: Options): Promise<number> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'gatepost-chaos-'));
  const seed = options.seed ?? randomInt(MAX_SEED);
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopped.abort());
  const forMs = (options.minutes ?? Number.POSITIVE_INFINITY) * MS_PER_MINUTE;
  const rounds = options.rounds ?? (options.minutes === undefined ? DEFAULT_ROUNDS : Number.POSITIVE_INFINITY);
  if (options.json !== true) say(`chaos from seed ${seed} on; logs in ${directory}`);
  const begun = performance.now();
  let number = 0;
  const report = await sweep({
    seeds: seedsFrom(seed, rounds),
    forMs,
    directory,
    keep: options.keep === true,
    stopped: stopped.signal,
    onRound: (round) => {
      number += 1;
      if (options.json === true) say(JSON.stringify({ event: 'round', ...round }));
      else sayRound(round, number);
    },
  });
  const seconds = Math.round((performance.now() - begun) / 1_000);
  if (options.json === true) say(JSON.stringify({ event: 'summary', seed, ...report, seconds }));
  else
    say(
      `${report.rounds} rounds in ${seconds} s, ${report.failed.length} with violations: ${report.failed.join(', ') || 'none'}`,
    );
  if (readdirSync(directory).length === 0) rmdirSync(directory);
  return report.failed.length === 0 ? 0 : 1;
}

const program = (exit: Exit): Command =>
  new Command('npm run chaos --')
    .description(
      'Real processes on an embedded network: killed, stopped and cut off at random while they work. Afterwards a ' +
        'checker that shares no code with the product reads the mirror: was everything paid once, in order, or not at all?',
    )
    .option(
      '--seed <n>',
      'of the first round; each further one has the next number (default: a random one)',
      wholeNumber,
    )
    .option('--rounds <n>', `how many rounds (default: ${DEFAULT_ROUNDS}, or no limit with --minutes)`, wholeNumber)
    .option('--minutes <n>', 'begin no round later than this', wholeNumber)
    .option('--directory <dir>', 'where plans and logs go (default: a new temporary one)')
    .option('--json', 'print each round, and a summary last, as a line of JSON')
    .option('--keep', 'keep the logs of rounds that went well, too')
    .addHelpText(
      'after',
      `
The plan and the faults of a round, and when they come, are decided by its seed; what they meet is up to the processes,
so a replay suffers the same faults and need not fail in the same way. Logs of rounds that failed are kept.

Examples:
  npm run chaos                               ten rounds
  npm run chaos -- --minutes 30 --json        for half an hour
  npm run chaos -- --seed 17 --rounds 1 --keep

Exit code: 0 every promise was kept, 1 one was not.`,
    )
    .exitOverride()
    .action(async (options: Options) => exit(await chaos(options)));

process.exitCode = await runProgram(program);
