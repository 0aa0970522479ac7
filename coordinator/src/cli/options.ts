import { readEnvironment } from '@gatepost/shared/config/environment';
import { NETWORK_NAMES, networkFromEnvironment } from '@gatepost/shared/config/network';
import { MirrorRest } from '@gatepost/shared/hedera/mirror-rest';
import { type TopicId, topicId } from '@gatepost/shared/vocabulary/ids';
import { printableJson } from '@gatepost/shared/vocabulary/printable';
import { InvalidArgumentError } from 'commander';

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

/** A mirror of a network, reached without any key. @throws GatepostError INVALID_CONFIG */
export function mirrorOf(network: string | undefined): MirrorRest {
  return new MirrorRest(networkFromEnvironment(readEnvironment(), network));
}

/** JSON on standard output, amounts as decimal text. */
export function printJson(value: unknown): void {
  const text = JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? item.toString() : item), 2);
  process.stdout.write(`${printableJson(text)}\n`);
}
