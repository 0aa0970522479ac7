import { randomInt } from 'node:crypto';
import { type Exit, runProgram } from '@gatepost/shared/cli/run-program';
import { Command, InvalidArgumentError } from 'commander';
import { GATEKEEPER_MARKS, MARKS } from './events.js';
import { simulate } from './simulate.js';
import { sweep } from './sweep.js';

const MAX_SEED = 2 ** 31;
const DEFAULT_SEEDS = 1_000;
const PROGRESS_EVERY_MS = 1_000;
/** A sweep of so many runs has to have seen everything at least once. */
const ENOUGH = 5_000;

interface Options {
  readonly seeds: number;
  readonly from?: number;
  readonly seed?: number;
  readonly first?: true;
  readonly gatekeeper?: true;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('It is a whole number.');
  return Number(text);
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** One run with all its events. */
async function replay(seed: number, withGatekeeper: boolean): Promise<number> {
  const { lines, violations, digest } = await simulate(seed, withGatekeeper);
  for (const line of lines) say(line);
  for (const violation of violations) say(`VIOLATION ${violation}`);
  say(`seed ${seed}: ${violations.length} violations, events ${digest}`);
  return violations.length === 0 ? 0 : 1;
}

async function run({ seeds, from = randomInt(MAX_SEED), seed, first, gatekeeper }: Options): Promise<number> {
  const withGatekeeper = gatekeeper === true;
  const marks = withGatekeeper ? [...MARKS, ...GATEKEEPER_MARKS] : MARKS;
  if (seed !== undefined) return replay(seed, withGatekeeper);
  say(`${seeds} runs from seed ${from} on`);
  let saidMs = performance.now();
  const report = await sweep(from, seeds, {
    stopAtFirst: first === true,
    withGatekeeper,
    onRun: ({ seed: of, violations }, { runs, perSecond }) => {
      for (const violation of violations) say(`VIOLATION seed ${of}: ${violation}`);
      if (violations.length > 0)
        say(`  replay: npm run simulate -- --seed ${of}${withGatekeeper ? ' --gatekeeper' : ''}`);
      if (performance.now() - saidMs < PROGRESS_EVERY_MS) return;
      saidMs = performance.now();
      process.stderr.write(`\r${runs} of ${seeds} runs, ${perSecond.toFixed(0)} per second `);
    },
  });
  process.stderr.write('\n');
  for (const mark of marks) say(`${String(report.marks.get(mark) ?? 0).padStart(8)}  ${mark}`);
  const { runs, failed, virtualHours, transactions, seconds } = report;
  say(
    `${runs} runs in ${seconds.toFixed(0)} s (${(runs / seconds).toFixed(0)} per second): ` +
      `${virtualHours.toFixed(0)} hours of the runs' own time, ${transactions} transactions, ` +
      `${failed.length} with violations${failed.length === 0 ? '' : `: ${failed.join(', ')}`}`,
  );
  const missing = runs >= ENOUGH ? marks.filter((mark) => !report.marks.has(mark)) : [];
  for (const mark of missing) say(`NEVER SEEN: ${mark}`);
  return failed.length + missing.length === 0 ? 0 : 1;
}

const program = (exit: Exit): Command =>
  new Command('npm run simulate --')
    .description(
      'Whole runs in one process under a clock of their own: coordinators, daemons, agents that lie and a network with ' +
        'all its troubles; one seed decides everything. Afterwards the ledger is looked at: was everything paid once?',
    )
    .option('--seeds <n>', 'how many runs', wholeNumber, DEFAULT_SEEDS)
    .option(
      '--from <n>',
      'seed of the first; each further one has the next number (default: a random one)',
      wholeNumber,
    )
    .option('--seed <n>', 'this run alone, with all its events, the same byte for byte each time', wholeNumber)
    .option('--gatekeeper', 'with a gatekeeper, which judges and signs, and dies like all others')
    .option('--first', 'stop at the first run with a violation')
    .addHelpText(
      'after',
      `
Examples:
  npm run simulate -- --seeds 100000 --from 1
  npm run simulate -- --seed 170

Exit code: 0 every promise was kept, 1 one was not, or a long sweep never saw something that it is there to see.`,
    )
    .exitOverride()
    .action(async (options: Options) => exit(await run(options)));

process.exitCode = await runProgram(program);
