import { proto } from '@hiero-ledger/proto';
import type { MirrorKey } from './account-key.js';

/** A key list as the mirror shows it: so many of these keys must sign. */
export interface MirrorKeyList {
  readonly keys: readonly MirrorKey[];
  readonly threshold: number;
}

/** The single keys of a list; undefined for a single key, and for a list in which there are lists or contracts. */
export function keyListFromMirror({ _type, key }: MirrorKey): MirrorKeyList | undefined {
  if (_type !== 'ProtobufEncoded') return undefined;
  const { keyList, thresholdKey } = proto.Key.decode(Buffer.from(key, 'hex'));
  const list = (thresholdKey?.keys ?? keyList)?.keys ?? [];
  const keys = list.map(singleKey).filter((one) => one !== undefined);
  if (keys.length === 0 || keys.length < list.length) return undefined;
  return { keys, threshold: thresholdKey?.threshold ?? keys.length };
}

/** The single keys of which each alone is enough to sign for a key: itself, or those that fulfil a list by themselves. */
export function keysEnoughAlone(shown: MirrorKey): readonly MirrorKey[] {
  if (shown._type !== 'ProtobufEncoded') return [shown];
  return enoughAlone(proto.Key.decode(Buffer.from(shown.key, 'hex')));
}

function enoughAlone(key: proto.IKey): readonly MirrorKey[] {
  const single = singleKey(key);
  if (single !== undefined) return [single];
  const members = (key.thresholdKey?.keys ?? key.keyList)?.keys ?? [];
  const threshold = key.thresholdKey?.threshold ?? members.length;
  const fulfilled = new Map<string, { readonly key: MirrorKey; readonly members: number }>();
  for (const one of members.flatMap(enoughAlone)) {
    const before = fulfilled.get(one.key)?.members ?? 0;
    fulfilled.set(one.key, { key: one, members: before + 1 });
  }
  return [...fulfilled.values()].filter((one) => one.members >= threshold).map((one) => one.key);
}

function singleKey({ ed25519, ECDSASecp256k1 }: proto.IKey): MirrorKey | undefined {
  if (ed25519) return { _type: 'ED25519', key: Buffer.from(ed25519).toString('hex') };
  return ECDSASecp256k1 ? { _type: 'ECDSA_SECP256K1', key: Buffer.from(ECDSASecp256k1).toString('hex') } : undefined;
}
