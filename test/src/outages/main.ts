import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Exit, runProgram } from '@gatepost/shared/cli/run-program';
import { Command, InvalidArgumentError, Option } from 'commander';
import { openWorld } from '../chaos/world.js';
import { AWAY, type Away, type OutageReport, sufferOutage } from './outage.js';

const MS_PER_SECOND = 1_000;
const KINDS = Object.keys(AWAY) as Away[];
const DURATIONS_S = [2, 30, 300];

interface Options {
  readonly away?: Away;
  readonly seconds?: number;
  readonly json?: true;
  readonly keep?: true;
}

const say = (line: string) => void process.stdout.write(`${line}\n`);

function sayReport({ away, awayMs, said, recoveryMs, violations }: OutageReport): void {
  const how = violations.length === 0 ? 'went on and paid once' : `${violations.length} VIOLATIONS`;
  say(`${away} away for ${awayMs / MS_PER_SECOND} s: ${how}, over ${recoveryMs} ms after it was back`);
  for (const { atMs, for: whom, since } of said)
    say(`  at ${Math.round(atMs / MS_PER_SECOND)} s it waits for ${whom} since ${since}`);
  for (const { rule, subject, found } of violations) say(`  VIOLATION ${rule} ${subject}: ${found}`);
}

/** The outages of one kind, one after the other in a world of their own; whether all went well. */
async function outagesOf(away: Away, seconds: readonly number[], options: Options): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), `gatepost-outages-${away}-`));
  const world = await openWorld(directory);
  let isWell = true;
  try {
    for (const one of seconds) {
      const report = await sufferOutage(world, away, one * MS_PER_SECOND);
      if (options.json === true) say(JSON.stringify(report));
      else sayReport(report);
      isWell &&= report.violations.length === 0;
    }
  } finally {
    await world.close();
  }
  if (isWell && options.keep !== true) rmSync(directory, { recursive: true, force: true });
  else say(`logs: ${directory}`);
  return isWell;
}

function wholeSeconds(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('It is a whole number of seconds.');
  return Number(text);
}

const program = (exit: Exit): Command =>
  new Command('npm run outages --')
    .description(
      'Node, mirror or both are away for everybody in the middle of a run, for 2 s, 30 s and five minutes: does the run ' +
        'say what it waits for, go on when they are back, and pay once?',
    )
    .addOption(new Option('--away <what>', 'only this').choices(KINDS))
    .option('--seconds <n>', 'only for so long', wholeSeconds)
    .option('--json', 'print each outage as a line of JSON')
    .option('--keep', 'keep the logs of what went well, too')
    .addHelpText(
      'after',
      `
The three kinds run side by side: seven minutes, in which little is computed.

Examples:
  npm run outages
  npm run outages -- --away node --seconds 30

Exit code: 0 every run went on and paid once, 1 one did not.`,
    )
    .exitOverride()
    .action(async (options: Options) => {
      const kinds = options.away === undefined ? KINDS : [options.away];
      const seconds = options.seconds === undefined ? DURATIONS_S : [options.seconds];
      const results = await Promise.all(kinds.map((away) => outagesOf(away, seconds, options)));
      exit(results.every((isWell) => isWell) ? 0 : 1);
    });

process.exitCode = await runProgram(program);
