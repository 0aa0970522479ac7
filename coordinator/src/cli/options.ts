import { systemClock } from '@gatepost/shared/clock';
import { readEnvironment } from '@gatepost/shared/config/environment';
import { NETWORK_NAMES, type NetworkConfig, networkFromEnvironment } from '@gatepost/shared/config/network';
import { MirrorRest } from '@gatepost/shared/hedera/mirror-rest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { type TopicId, topicId } from '@gatepost/shared/vocabulary/ids';
import { printableJson } from '@gatepost/shared/vocabulary/printable';
import { type Nanos, nanosFromMs, parseDurationMs, parseTimeMs } from '@gatepost/shared/vocabulary/time';
import { type Command, InvalidArgumentError } from 'commander';
import { CONFIG_OPTION } from './command.js';

export const NETWORK_OPTION = [
  '--network <name>',
  `${NETWORK_NAMES.join(', ')}; else what GATEPOST_NETWORK says, else local`,
] as const;

/** Parses `--journal`. @throws InvalidArgumentError unless it looks like 0.0.1234. */
export function journalArgument(text: string): TopicId {
  try {
    return topicId(text, 'journal');
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** Parses `--since`: `7d` before now, or a date or time of ISO 8601, UTC unless it says otherwise. @throws InvalidArgumentError */
export function sinceArgument(text: string): Nanos {
  const ago = parseDurationMs(text);
  if (ago !== undefined) return nanosFromMs(Math.max(0, systemClock.nowMs() - ago));
  const ms = parseTimeMs(text);
  if (ms !== undefined) return nanosFromMs(ms);
  throw new InvalidArgumentError('Write a duration such as 12h or 7d, or a date such as 2026-11-01.');
}

/** Options of commands that look at a journal, whoever's it is. */
export interface JournalOptions {
  readonly config: string;
  readonly journal?: TopicId;
  readonly network?: string;
}

/** Adds the options that say which journal is meant, and on which network. */
export const withJournalOptions = (command: Command): Command =>
  command
    .option(
      '--journal <topic>',
      'journal topic of the coordinator; that of its configuration when left out',
      journalArgument,
    )
    .option(...CONFIG_OPTION)
    .option(...NETWORK_OPTION);

/**
 * The journal that is meant: what was named, else what the configuration says.
 * @throws GatepostError INVALID_CONFIG when neither names one.
 */
export async function journalOf({ journal, config }: JournalOptions): Promise<TopicId> {
  if (journal !== undefined) return journal;
  const { readConfig } = await import('../shell/setup/config-file.js');
  const found = readConfig(config)?.journal;
  if (found !== undefined) return found;
  throw new GatepostError(
    'INVALID_CONFIG',
    `no journal: ${config} is not here or names none; name it with --journal 0.0.x, or the file with --config`,
  );
}

/** The network that is meant, reached without any key. @throws GatepostError INVALID_CONFIG */
export const networkOf = (name: string | undefined): NetworkConfig => networkFromEnvironment(readEnvironment(), name);

/** Its mirror. @throws GatepostError INVALID_CONFIG */
export const mirrorOf = (network: string | undefined): MirrorRest => new MirrorRest(networkOf(network));

/** JSON on standard output, amounts as decimal text. */
export function printJson(value: unknown): void {
  const text = JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? item.toString() : item), 2);
  process.stdout.write(`${printableJson(text)}\n`);
}
