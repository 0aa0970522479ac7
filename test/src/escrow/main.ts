import { type Exit, runProgram } from '@gatepost/shared/cli/run-program';
import { Command } from 'commander';
import { type Holder, isHeld, keysTrial, refundTrial, type Tried } from './trial.js';

const HOLDERS: readonly Holder[] = ['coordinator', 'gatekeeper', 'both'];
/** Odd, so that the refund is none of the amounts that were scheduled. */
const AMOUNT = 77n;

function table(tried: readonly Tried[]): string {
  const whats = [...new Set(tried.map(({ what }) => what))];
  const width = Math.max(...whats.map(({ length }) => length));
  const rows = whats.map((what) => {
    const statuses = HOLDERS.map((holder) => tried.find((one) => one.what === what && one.holder === holder)?.status);
    return `${what.padEnd(width)}  ${statuses.map((status = '') => status.padEnd(45)).join('  ')}`.trimEnd();
  });
  const head = `${' '.repeat(width)}  ${HOLDERS.map((holder) => `${holder}’s key${holder === 'both' ? 's' : ''}`.padEnd(45)).join('  ')}`;
  return [head.trimEnd(), ...rows].join('\n');
}

async function run(): Promise<number> {
  const tried = await keysTrial();
  process.stdout.write(`what is tried, and the network’s status of it\n\n${table(tried)}\n\n`);
  const { before, after } = await refundTrial(AMOUNT);
  process.stdout.write(
    `funded with ${before.escrow}; everybody ended; the network’s time passes: the escrow holds ${after.escrow}, `,
  );
  process.stdout.write(`its owner ${before.owner} -> ${after.owner}\n`);
  const isRefunded = after.escrow === 0n && after.owner === before.owner + before.escrow;
  const broken = tried.filter((one) => !isHeld(one));
  for (const { what, holder, status } of broken)
    process.stderr.write(`not as it has to be: ${what}, ${holder}: ${status}\n`);
  if (!isRefunded) process.stderr.write('the refund did not arrive\n');
  return isRefunded && broken.length === 0 ? 0 : 1;
}

const program = (exit: Exit): Command =>
  new Command('npm run escrow')
    .description('What the keys of an escrow can do, tried with the plain SDK on the embedded network.')
    .addHelpText('after', '\nExample:\n  npm run escrow')
    .exitOverride()
    .action(async () => exit(await run()));

process.exitCode = await runProgram(program);
