import { proto } from '@hiero-ledger/proto';
import type { Json, JsonObject } from './answer.js';
import { isObject, type Values } from './cases.js';

const ENTITY = /^(account|token|topic|schedule):(.+)$/;
const MOVE = /^(\S*) (-?\d+)( approved)?$/;

/**
 * What the short words of a case stand for, as the protocol's messages take it:
 *
 * `account:$A` (token, topic, schedule) the id of what a case made, or of a number; `key:a` the public key of that name;
 * `#a`, `#key:a`, `#evm:a` its bytes, its bytes as a Key, its EVM address; `+4` (of seconds) so many from now;
 * `$A -5` (in lists of transfers) an account and what it gets, `approved` when by allowance; `0x…` bytes.
 */
export function plain(json: Json | undefined, values: Values, field = ''): unknown {
  if (typeof json === 'string') return word(json, values, field);
  if (Array.isArray(json)) {
    const isMoves = field === 'accountAmounts' || field === 'transfers';
    return json.map((entry) => (isMoves && typeof entry === 'string' ? move(entry, values) : plain(entry, values)));
  }
  if (!isObject(json)) return json;
  const bytes = madeBytes(json, values);
  if (bytes !== undefined) return bytes;
  if (typeof json.$id === 'string') return values.id(json.$id);
  if (typeof json.$startOf === 'string') {
    return (values.id(json.$startOf) as { transactionValidStart: unknown }).transactionValidStart;
  }
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, plain(value, values, key)]));
}

function madeBytes(json: JsonObject, values: Values): Uint8Array | undefined {
  const { $, $text, $repeat, $concat, $transaction, $sign, of } = json;
  if (typeof $ === 'string') return values.made($);
  if (typeof $text === 'string') return Buffer.from($text);
  if (Array.isArray($repeat)) return Buffer.alloc(Number($repeat[1]), Number($repeat[0]));
  if (Array.isArray($concat)) return Buffer.concat($concat.map((part) => plain(part, values) as Uint8Array));
  if (typeof $sign === 'string') return values.key($sign).sign(plain(of, values) as Uint8Array);
  if ($transaction === undefined) return undefined;
  return proto.Transaction.encode(plain($transaction, values) as proto.ITransaction).finish();
}

function word(text: string, values: Values, field: string): unknown {
  const [, kind, name = ''] = ENTITY.exec(text) ?? [];
  if (kind !== undefined) return { shardNum: 0, realmNum: 0, [`${kind}Num`]: values.entity(name) };
  if (text.startsWith('key:')) return keyOf(text.slice(4), values);
  if (text.startsWith('0x')) return Buffer.from(text.slice(2), 'hex');
  if (text.startsWith('#')) return bytesOf(text.slice(1), values);
  if (field === 'seconds' && text.startsWith('+')) return values.nowSeconds() + Number(text.slice(1));
  return text;
}

function keyOf(label: string, values: Values): proto.IKey {
  const { type, publicKey } = values.key(label);
  return { [type === 'ED25519' ? 'ed25519' : 'ECDSASecp256k1']: publicKey.toBytesRaw() };
}

function bytesOf(text: string, values: Values): Uint8Array {
  const [, form = '', label = ''] = /^(key:|evm:)?(.*)$/.exec(text) ?? [];
  if (form === 'key:') return proto.Key.encode(keyOf(label, values)).finish();
  const { publicKey } = values.key(label);
  return form === 'evm:' ? Buffer.from(publicKey.toEvmAddress(), 'hex') : publicKey.toBytesRaw();
}

function move(text: string, values: Values): object {
  const [, who = '', amount = '0', approved] = MOVE.exec(text) ?? [];
  const accountID =
    who === ''
      ? undefined
      : who.startsWith('#')
        ? { alias: bytesOf(who.slice(1), values) }
        : who.startsWith('0x')
          ? { alias: Buffer.from(who.slice(2), 'hex') }
          : { shardNum: 0, realmNum: 0, accountNum: values.entity(who) };
  return { accountID, amount, ...(approved === undefined ? {} : { isApproval: true }) };
}
