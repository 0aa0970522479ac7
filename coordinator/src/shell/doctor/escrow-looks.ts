import { type Finding, fine, type Look, trouble } from '@gatepost/shared/doctor/finding';
import { known } from '@gatepost/shared/doctor/token-looks';
import type { MirrorKey } from '@gatepost/shared/hedera/account-key';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { keyListFromMirror } from '@gatepost/shared/hedera/key-list';
import { standingLadders } from '@gatepost/shared/hedera/refund-ladder';
import type { AccountId, TokenId } from '@gatepost/shared/vocabulary/ids';
import { formatTime } from '@gatepost/shared/vocabulary/time';
import type { CoordinatorConfig } from '../setup/config-file.js';

type Reader = Pick<Connection, 'account' | 'mirror'>;
type Config = Pick<CoordinatorConfig, 'gatekeeper' | 'arbiter' | 'escrow'>;

/** Looks at the escrow that a configuration names; nothing when it names none. */
export function escrowLooks(reader: Reader, { escrow, ...parties }: Config, token: TokenId): readonly Look[] {
  if (escrow === undefined) return [];
  return [() => lookAtEscrow(reader, escrow, parties, token)];
}

const textOf = ({ _type, key }: MirrorKey): string => `${_type}:${key}`;

/** @throws GatepostError MIRROR_UNREACHABLE */
async function lookAtEscrow(
  { account, mirror }: Reader,
  escrow: AccountId,
  { gatekeeper, arbiter }: Omit<Config, 'escrow'>,
  token: TokenId,
): Promise<readonly Finding[]> {
  const key = (await known(mirror.account(escrow)))?.key ?? undefined;
  if (key === undefined) return [trouble('escrow.key', `${escrow} does not exist, or has no key`)];
  const parties = [account, gatekeeper, arbiter].filter((party) => party !== undefined);
  const problem = await keyProblem(mirror, key, parties);
  if (problem !== undefined) return [trouble('escrow.key', `${escrow}: ${problem}`)];
  const held = (await mirror.tokenBalance(escrow, token)) ?? 0n;
  const ladders = await standingLadders(mirror, account, escrow, key.key);
  const ladder = ladders.find((one) => one.token === token && one.covers >= held);
  if (held > 0n && ladder === undefined) {
    return [trouble('escrow.no-refund', `${escrow} holds ${held} of ${token}, and no refund of it stands`)];
  }
  const refund = ladder === undefined ? '' : `, refunded at ${formatTime(ladder.refundAt * 1_000)}`;
  return [fine('escrow', `${escrow} under the keys of ${parties.join(', ')}${refund}`)];
}

/** Two of two, or two of three, and these very keys. */
async function keyProblem(
  mirror: Connection['mirror'],
  key: MirrorKey,
  parties: readonly AccountId[],
): Promise<string | undefined> {
  const list = keyListFromMirror(key);
  if (list === undefined) return 'its key is no list of keys';
  const has = new Set(list.keys.map(textOf));
  for (const party of parties) {
    const own = (await known(mirror.account(party)))?.key ?? undefined;
    if (own === undefined || !has.has(textOf(own))) return `its key does not hold that of ${party}`;
  }
  if (list.keys.length > parties.length)
    return `it has ${list.keys.length} keys, the configuration names ${parties.length}`;
  return list.threshold === 2 ? undefined : `${list.threshold} of its ${list.keys.length} keys are enough`;
}
