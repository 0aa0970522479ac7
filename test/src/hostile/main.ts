import { randomInt } from 'node:crypto';
import { type Exit, runProgram } from '@gatepost/shared/cli/run-program';
import { Command, InvalidArgumentError } from 'commander';
import { ATTACKS, type Attack } from './attacks.js';
import { hostileRound } from './round.js';

const MAX_SEED = 2 ** 31;
const DEFAULT_ATTEMPTS = 10_000;

interface Options {
  readonly attempts: number;
  readonly from?: number;
  readonly first?: true;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('It is a whole number.');
  return Number(text);
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function run({ attempts, from = randomInt(MAX_SEED), first }: Options): Promise<number> {
  say(`at least ${attempts} attempts, in rounds from seed ${from} on`);
  const tried = new Map<Attack, number>();
  let [made, signed, paid, failed, rounds] = [0, 0, 0n, 0, 0];
  for (let seed = from; made < attempts; seed += 1) {
    const report = await hostileRound(seed);
    rounds += 1;
    signed += report.signed;
    paid += report.paid;
    for (const [attack, times] of report.attempts) {
      made += times;
      tried.set(attack, (tried.get(attack) ?? 0) + times);
    }
    for (const violation of report.violations) say(`VIOLATION seed ${seed}: ${violation}`);
    if (report.violations.length > 0) say(`  replay: npm run hostile -- --attempts 1 --from ${seed}`);
    failed += report.violations.length > 0 ? 1 : 0;
    if (failed > 0 && first === true) break;
  }
  for (const attack of ATTACKS) say(`${String(tried.get(attack) ?? 0).padStart(8)}  ${attack}`);
  say(`${made} attempts in ${rounds} rounds: ${signed} batches signed, ${paid} paid, ${failed} rounds with violations`);
  return failed === 0 ? 0 : 1;
}

const program = (exit: Exit): Command =>
  new Command('npm run hostile --')
    .description(
      'A coordinator that uses its key freely against a gatekeeper: forged verdicts, other amounts, doubled requests, stale bytes, ' +
        'other plans, replayed signatures. Afterwards the ledger is looked at: did it get anything that no gate accepted?',
    )
    .option('--attempts <n>', 'how many at least', wholeNumber, DEFAULT_ATTEMPTS)
    .option(
      '--from <n>',
      'seed of the first round; each further one has the next number (default: a random one)',
      wholeNumber,
    )
    .option('--first', 'stop at the first round with a violation')
    .addHelpText(
      'after',
      `
Example:
  npm run hostile -- --attempts 20000 --from 1

Exit code: 0 it got nothing, 1 it did.`,
    )
    .exitOverride()
    .action(async (options: Options) => exit(await run(options)));

process.exitCode = await runProgram(program);
