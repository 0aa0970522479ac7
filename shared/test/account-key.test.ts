import { inspect } from 'node:util';
import {
  AccountKey,
  generateAccountKey,
  parseAccountKey,
  publicKeyFromMirror,
  verifySignature,
} from '@gatepost/shared/hedera/account-key';
import { createLogger } from '@gatepost/shared/log';
import { PrivateKey } from '@hashgraph/sdk';
import { describe, expect, it } from 'vitest';

const message = Buffer.from('a statement');
const KEYS = [
  ['ED25519', PrivateKey.generateED25519()],
  ['ECDSA_SECP256K1', PrivateKey.generateECDSA()],
] as const;

describe.each(KEYS)('a key of type %s', (type, sdk) => {
  const prefix = type === 'ED25519' ? 'ed25519' : 'ecdsa';
  const mirrorKey = { _type: type, key: sdk.publicKey.toStringRaw() };

  it.each([
    ['DER', sdk.toStringDer()],
    ['DER with 0x', `0x${sdk.toStringDer()}`],
    ['prefixed hex', `${prefix}:${sdk.toStringRaw()}`],
  ])('is read as %s', (_form, text) => {
    expect(parseAccountKey(text, 'KEY').publicKey.toStringRaw()).toBe(sdk.publicKey.toStringRaw());
  });

  it('makes signatures that verify with what the mirror shows, and only over what was signed', () => {
    const signature = AccountKey.fromSdk(sdk).sign(message);
    expect(verifySignature(mirrorKey, message, signature)).toBe(true);
    expect(verifySignature(mirrorKey, Buffer.from('another'), signature)).toBe(false);
    const another = type === 'ED25519' ? PrivateKey.generateED25519() : PrivateKey.generateECDSA();
    expect(verifySignature({ _type: type, key: another.publicKey.toStringRaw() }, message, signature)).toBe(false);
    expect(verifySignature(mirrorKey, message, signature.slice(1))).toBe(false);
    expect(publicKeyFromMirror(mirrorKey)?.verify(message, signature)).toBe(true);
  });

  it('verifies either of the two signatures that ECDSA has', () => {
    if (type === 'ED25519') return;
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const low = Buffer.from(AccountKey.fromSdk(sdk).sign(message));
    const high = Buffer.from(low);
    high.write((order - BigInt(`0x${low.toString('hex', 32)}`)).toString(16).padStart(64, '0'), 32, 'hex');
    expect(high.equals(low)).toBe(false);
    for (const signature of [low, high]) expect(verifySignature(mirrorKey, message, signature)).toBe(true);
    high[40] = (high[40] ?? 0) ^ 1;
    expect(verifySignature(mirrorKey, message, high)).toBe(false);
  });

  it('never shows its private part', () => {
    const key = AccountKey.fromSdk(sdk);
    const secret = sdk.toStringRaw();
    const lines: string[] = [];
    const log = createLogger(
      'test',
      { GATEPOST_LOG_LEVEL: 'trace' },
      { write: (line: string) => void lines.push(line) },
    );
    log.trace({ key, nested: { key }, err: new Error('x', { cause: key }) }, `${key}`);
    const shown = [
      String(key),
      JSON.stringify({ key }),
      inspect({ key }, { depth: 9, showHidden: true }),
      ...lines,
    ].join('\n');
    expect(shown).not.toContain(secret);
    expect(lines).toHaveLength(1);
  });
});

describe('a malformed key', () => {
  it.each([
    ['bare hex', 'ab'.repeat(32), /bare hex/],
    ['empty', '', /not a private key/],
    ['words', 'correct horse battery staple', /not a private key/],
    ['a truncated DER', generateAccountKey().der.slice(0, -10), /not a private key/],
    ['a short hex', 'ed25519:abcd', /not a private key/],
  ])('%s is refused without being repeated', (_what, text, reason) => {
    expect(() => parseAccountKey(text, 'COORDINATOR_PRIVATE_KEY')).toThrow(reason);
    try {
      parseAccountKey(text, 'COORDINATOR_PRIVATE_KEY');
    } catch (error) {
      if (text.length > 8) expect(inspect(error, { depth: 9 })).not.toContain(text);
    }
  });
});

it('a composite key verifies nothing', () => {
  expect(verifySignature({ _type: 'ProtobufEncoded', key: '2a00' }, message, new Uint8Array(64))).toBe(false);
});
