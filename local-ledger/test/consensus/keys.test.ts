import { isSatisfied } from '@gatepost/local-ledger/core/keys/key-activation';
import { isUsableKey } from '@gatepost/local-ledger/core/keys/key-structure';
import { SignatureSet } from '@gatepost/local-ledger/core/keys/signature-set';
import type { SignaturePair, Key as WireKey } from '@gatepost/local-ledger/gen/services_basic_types';
import { NodeCrypto } from '@gatepost/local-ledger/node/node-crypto';
import { newKey, wirePublicKey } from '@gatepost/local-ledger/operator';
import {
  AccountCreateTransaction,
  AccountInfoQuery,
  AccountUpdateTransaction,
  Hbar,
  type Key,
  KeyList,
  PrivateKey,
  TransferTransaction,
} from '@hashgraph/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientOf, openStage, type Stage, statusOf } from './support.js';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});

afterAll(async () => {
  await stage.close();
});

async function accountWith(key: Key): Promise<string> {
  const response = await new AccountCreateTransaction()
    .setKeyWithoutAlias(key)
    .setInitialBalance(new Hbar(10))
    .execute(stage.client);
  return (await response.getReceipt(stage.client)).accountId?.toString() ?? '';
}

/** The status of a transfer out of an account, paid by 0.0.2, signed with the given keys. */
async function spend(account: string, keys: readonly PrivateKey[]): Promise<string> {
  const transaction = new TransferTransaction()
    .addHbarTransfer(account, new Hbar(-1))
    .addHbarTransfer('0.0.2', new Hbar(1))
    .freezeWith(stage.client);
  for (const key of keys) {
    await transaction.sign(key);
  }
  return statusOf(transaction, stage.client);
}

const ed = () => PrivateKey.generateED25519();
const ec = () => PrivateKey.generateECDSA();

/** The order of secp256k1: of each signature (r, s) there is another, (r, order - s). */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** The signature whose s is the greater one, which some SDKs make half the time. */
function withHighS(signature: Uint8Array): Uint8Array {
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`);
  const high = s > ORDER / 2n ? s : ORDER - s;
  return Buffer.concat([signature.subarray(0, 32), Buffer.from(high.toString(16).padStart(64, '0'), 'hex')]);
}

describe('keys of accounts', () => {
  it('verify an ECDSA signature whichever of its two forms it has', async () => {
    const key = ec();
    const account = await accountWith(key.publicKey);
    const signers = {
      high: async (bytes: Uint8Array) => withHighS(key.sign(bytes)),
      broken: async (bytes: Uint8Array) => withHighS(key.sign(bytes)).reverse(),
    };
    const signedBy = async (signer: (bytes: Uint8Array) => Promise<Uint8Array>) => {
      const transaction = new TransferTransaction()
        .addHbarTransfer(account, new Hbar(-1))
        .addHbarTransfer('0.0.2', new Hbar(1))
        .freezeWith(stage.client);
      return statusOf(await transaction.signWith(key.publicKey, signer), stage.client);
    };
    expect(await signedBy(signers.high)).toBe('SUCCESS');
    expect(await signedBy(signers.broken)).toBe('INVALID_SIGNATURE');
  });

  it('are Ed25519 or ECDSA', async () => {
    for (const key of [ed(), ec()]) {
      const account = await accountWith(key.publicKey);
      expect(await spend(account, []), key.type).toBe('INVALID_SIGNATURE');
      expect(await spend(account, [key]), key.type).toBe('SUCCESS');
    }
  });

  it('pay with an ECDSA key', async () => {
    const key = ec();
    const client = clientOf(stage.ledger, await accountWith(key.publicKey), key);
    const pay = () =>
      new TransferTransaction().addHbarTransfer('0.0.3', 1).addHbarTransfer(client.operatorAccountId ?? '', -1);
    expect(await statusOf(pay(), client)).toBe('SUCCESS');
    client.close();
  });

  it('are lists, thresholds, and lists of thresholds', async () => {
    const [a, b, c, d] = [ed(), ec(), ed(), ed()];
    const list = await accountWith(new KeyList([a.publicKey, b.publicKey]));
    expect(await spend(list, [a])).toBe('INVALID_SIGNATURE');
    expect(await spend(list, [a, b])).toBe('SUCCESS');
    const threshold = await accountWith(new KeyList([a.publicKey, b.publicKey, c.publicKey], 2));
    expect(await spend(threshold, [c])).toBe('INVALID_SIGNATURE');
    expect(await spend(threshold, [c, b])).toBe('SUCCESS');
    const nested = await accountWith(new KeyList([d.publicKey, new KeyList([a.publicKey, b.publicKey], 1)]));
    expect(await spend(nested, [a, b])).toBe('INVALID_SIGNATURE');
    expect(await spend(nested, [d, b])).toBe('SUCCESS');
  });

  it('are rotated by the old and the new key together', async () => {
    const [old, next] = [ed(), ec()];
    const account = await accountWith(old.publicKey);
    const rotate = () =>
      new AccountUpdateTransaction().setAccountId(account).setKey(next.publicKey).freezeWith(stage.client);
    expect(await statusOf(await rotate().sign(old), stage.client)).toBe('INVALID_SIGNATURE');
    expect(await statusOf(await (await rotate().sign(old)).sign(next), stage.client)).toBe('SUCCESS');
    expect(await spend(account, [old])).toBe('INVALID_SIGNATURE');
    expect(await spend(account, [next])).toBe('SUCCESS');
  });

  it('give an EVM address when the alias is derived from an ECDSA key', async () => {
    const key = ec();
    const response = await new AccountCreateTransaction().setECDSAKeyWithAlias(key).execute(stage.client);
    const { accountId } = await response.getReceipt(stage.client);
    const info = await new AccountInfoQuery().setAccountId(accountId ?? '').execute(stage.client);
    expect(info.contractAccountId).toBe(key.publicKey.toEvmAddress());
    const again = new AccountCreateTransaction().setECDSAKeyWithAlias(key);
    expect(await statusOf(again, stage.client)).toBe('ALIAS_ALREADY_ASSIGNED');
  });
});

describe('signatures', () => {
  const message = Buffer.from('a transaction body');
  const [one, two] = [newKey(), newKey()];
  const pair = (prefix: Uint8Array, signature: Uint8Array): SignaturePair => {
    return { pubKeyPrefix: prefix, signature: { $case: 'ed25519', value: signature } };
  };
  const signs = (pairs: readonly SignaturePair[], key: WireKey) => {
    const set = new SignatureSet(pairs, message, new NodeCrypto());
    return isSatisfied(key, (primitive) => set.hasSigned(primitive));
  };

  it('are found by any leading part of the key, an empty one included', () => {
    for (const length of [0, 1, 5, 32]) {
      const pairs = [pair(one.publicKey.subarray(0, length), one.sign(message))];
      expect(signs(pairs, wirePublicKey(one)), `${length} bytes`).toBe(true);
      expect(signs(pairs, wirePublicKey(two)), `${length} bytes`).toBe(false);
    }
  });

  it('go by the longest prefix', () => {
    const good = pair(one.publicKey.subarray(0, 2), one.sign(message));
    const longer = pair(one.publicKey.subarray(0, 4), two.sign(message));
    expect(signs([good, longer], wirePublicKey(one))).toBe(false);
    expect(signs([longer], wirePublicKey(one))).toBe(false);
    expect(signs([good], wirePublicKey(one))).toBe(true);
  });

  it('never satisfy an empty list or a contract key', () => {
    const empty: WireKey = { key: { $case: 'keyList', value: { keys: [] } } };
    expect(signs([pair(new Uint8Array(), one.sign(message))], empty)).toBe(false);
    expect(isUsableKey(empty)).toBe(false);
  });
});
