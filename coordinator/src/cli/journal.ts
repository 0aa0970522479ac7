import { readEnvironment } from '@gatepost/shared/config/environment';
import type { MirrorReader } from '@gatepost/shared/hedera/mirror-reader';
import { START, type TopicMessage } from '@gatepost/shared/ledger/topic-message';
import { createLogger } from '@gatepost/shared/log';
import { unpackMessage } from '@gatepost/shared/records/codec';
import { type Linked, linkedOn } from '@gatepost/shared/vocabulary/explorer';
import { accountId } from '@gatepost/shared/vocabulary/ids';
import { printable, printableJson } from '@gatepost/shared/vocabulary/printable';
import { formatTime, msFromNanos } from '@gatepost/shared/vocabulary/time';
import { type AddCommand, READING_HELP } from './command.js';
import { type JournalOptions, journalOf, networkOf, withJournalOptions } from './options.js';

interface Options extends JournalOptions {
  readonly follow?: true;
  readonly json?: true;
}

/** Adds `journal` to the command line. */
export const addJournal: AddCommand = (program, exit) => {
  withJournalOptions(program.command('journal'))
    .description('print every message of the journal: when, who paid for it, and the records in it')
    .option('--follow', 'go on with what comes, until it is interrupted')
    .option('--json', 'print one JSON line per message')
    .addHelpText(
      'after',
      `
Prints what is there, also what nobody who may write here has written and what says nothing.

Examples:
  coordinator journal
  coordinator journal --follow --json
  coordinator journal --network testnet --journal 0.0.1234
${READING_HELP}`,
    )
    .action(async (options: Options) => exit(await journal(options)));
};

async function journal(options: Options): Promise<number> {
  const network = networkOf(options.network);
  const topic = await journalOf(options);
  const { mirrorReader } = await import('@gatepost/shared/hedera/mirror-reader');
  const log = createLogger('coordinator', { GATEPOST_LOG_LEVEL: 'warn', ...readEnvironment() });
  const reader = mirrorReader(network, NOBODY, log);
  const linked = linkedOn(network);
  if (options.json !== true) process.stdout.write(`journal ${linked('topic', topic)}\n`);
  const show = options.json === true ? asJson : asText;
  // A topic that is not there is said, and not waited for.
  await reader.mirror.topic(topic);
  for await (const message of messages(reader, topic, options.follow === true)) {
    process.stdout.write(show(message, linked));
  }
  return 0;
}

/** Reading takes no account. */
const NOBODY = accountId('0.0.0');

async function* messages(
  reader: MirrorReader,
  topic: TopicMessage['topic'],
  follow: boolean,
): AsyncGenerator<TopicMessage> {
  let cursor: { readonly sequenceNumber: number; readonly consensusTimestamp: bigint } = START;
  for await (const message of reader.read(topic, START)) {
    cursor = message;
    yield message;
  }
  if (follow) yield* reader.follow(topic, cursor, new AbortController().signal);
}

function asJson({ sequenceNumber, consensusTimestamp, payer, message, chunk }: TopicMessage): string {
  const decoded = unpackMessage(message);
  const said =
    'malformed' in decoded ? { malformed: decoded.malformed } : { run: decoded.run, records: decoded.records };
  const time = formatTime(msFromNanos(consensusTimestamp));
  const line = { event: 'message', sequence: sequenceNumber, time, author: payer, chunk, ...said };
  return `${printableJson(JSON.stringify(line))}\n`;
}

function asText({ sequenceNumber, consensusTimestamp, payer, message }: TopicMessage, linked: Linked): string {
  const decoded = unpackMessage(message);
  const head = `${sequenceNumber}  ${formatTime(msFromNanos(consensusTimestamp))}  ${linked('account', payer)}`;
  if ('malformed' in decoded) return `${head}  no record of ours: ${printable(decoded.malformed)}\n`;
  const run = decoded.run === undefined ? '' : `  ${printable(decoded.run)}`;
  const lines = decoded.records.map(({ type, ...fields }) => {
    const words = Object.entries(fields).map(([name, value]) => `${name}=${wordOf(value)}`);
    return `  ${[type, ...words].join(' ')}\n`;
  });
  return `${head}${run}\n${lines.join('')}`;
}

const wordOf = (value: unknown): string =>
  printable(typeof value === 'string' && /^[\w.@:#~/-]+$/.test(value) ? value : JSON.stringify(value));
