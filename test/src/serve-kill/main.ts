import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Exit, runProgram } from '@gatepost/shared/cli/run-program';
import { Command, InvalidArgumentError } from 'commander';
import { killRounds } from './kill-rounds.js';

const DEFAULT_ROUNDS = 50;

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1.');
  return Number(text);
}

const say = (line: string) => void process.stdout.write(`${line}\n`);

async function main({ rounds, seed }: { rounds: number; seed: number }): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'gatepost-serve-kill-'));
  const { kills, submissions, takenBefore, violations } = await killRounds({ rounds, seed, directory, say });
  for (const violation of violations) say(`VIOLATION ${violation}`);
  say(
    `${kills} kills, seed ${seed}: ${submissions} submissions acknowledged, ${takenBefore} of them by a later process than took ` +
      `them; ${violations.length} violations`,
  );
  if (violations.length > 0) say(`logs in ${directory}`);
  else rmSync(directory, { recursive: true, force: true });
  return violations.length === 0 ? 0 : 1;
}

const build = (exit: Exit): Command =>
  new Command('serve:kill')
    .exitOverride()
    .description(
      'kills a coordinator that serves at seeded moments while plans come in, and looks what was lost or done twice',
    )
    .option('--rounds <n>', 'kills', wholeNumber, DEFAULT_ROUNDS)
    .option('--seed <n>', 'of the moments', wholeNumber, 1)
    .action(async (options: { rounds: number; seed: number }) => exit(await main(options)));

process.exit(await runProgram(build));
