import { join } from 'node:path';
import { sdkVariables } from '@gatepost/local-ledger/cli/env';
import { startLedger } from '@gatepost/local-ledger/ledger';
import { type Exit, runProgram } from '@gatepost/shared/cli/run-program';
import { Command, InvalidArgumentError } from 'commander';
import { close, escrowVariables, openGround } from '../escrow/trial.js';
import { CHECKOUT } from '../stage/layout.js';
import { foreignClients } from './clients.js';
import { type ClientEnd, runClient } from './run-client.js';

/** Kept from one call to the next: the packages of Rust take minutes to build. */
const CACHE = join(CHECKOUT, 'node_modules/.cache/foreign');

const DEFAULT_MINUTES = 20;
/** What the escrow holds that the clients try to get at. */
const ESCROWED = 77n;

interface Options {
  readonly minutes: number;
}

function positive(text: string): number {
  const minutes = Number(text);
  if (!(minutes > 0)) throw new InvalidArgumentError('It is a number of minutes.');
  return minutes;
}

async function run(languages: readonly string[], { minutes }: Options): Promise<number> {
  const all = foreignClients(CACHE);
  const known = all.map(({ language }) => language);
  const unknown = languages.filter((language) => !known.includes(language));
  if (unknown.length > 0) {
    process.stderr.write(`no client in ${unknown.join(', ')}; there are ${known.join(', ')}\n`);
    return 2;
  }
  const ends: ClientEnd[] = [];
  const patience = AbortSignal.timeout(minutes * 60_000);
  for (const client of all.filter(({ language }) => languages.length === 0 || languages.includes(language))) {
    const ledger = await startLedger();
    try {
      process.stdout.write(`\n${client.language}\n`);
      const ground = await openGround(ledger, ESCROWED);
      const variables = { ...sdkVariables(ledger), ...(await escrowVariables(ground)) };
      close(ground);
      ends.push(await runClient(client, join(CACHE, client.language), variables, patience));
    } finally {
      await ledger.close();
    }
  }
  process.stdout.write(`\n${ends.map(row).join('\n')}\n\n`);
  const count = (wanted: ClientEnd['outcome']) => ends.filter(({ outcome }) => outcome === wanted).length;
  process.stdout.write(`${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped\n`);
  return count('failed') === 0 ? 0 : 1;
}

const row = ({ language, outcome, seconds, why }: ClientEnd): string =>
  `${language.padEnd(8)} ${outcome.padEnd(8)} ${seconds.toFixed(0).padStart(4)} s  ${why}`.trimEnd();

const program = (exit: Exit): Command =>
  new Command('npm run foreign --')
    .description('Clients in other languages, with the SDKs of those languages, against the embedded network.')
    .argument('[languages...]', 'which; all when left out')
    .option(
      '--minutes <n>',
      'how long fetching and building may take; what is not ready is skipped',
      positive,
      DEFAULT_MINUTES,
    )
    .addHelpText(
      'after',
      `
Their packages come from PyPI, Maven Central and crates.io. A language whose tools or packages are not to be had is
skipped, with the reason.

Examples:
  npm run foreign
  npm run foreign -- python java
  npm run foreign -- --minutes 5`,
    )
    .exitOverride()
    .action(async (languages: string[], options: Options) => exit(await run(languages, options)));

process.exitCode = await runProgram(program);
