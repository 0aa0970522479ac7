import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccountId, AccountInfoQuery, Hbar, PrivateKey, TransferTransaction } from '@hashgraph/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientOf, openStage, statusOf } from '../consensus/support.js';

let data: string;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'ledger-'));
});

afterEach(() => {
  rmSync(data, { recursive: true });
});

describe('accounts made by transfers', () => {
  it('are the same after a restart, those completed meanwhile and those still hollow', async () => {
    const before = await openStage({ data });
    const [owner, silent] = [PrivateKey.generateECDSA(), PrivateKey.generateECDSA()];
    const addressed = (key: PrivateKey) => AccountId.fromEvmAddress(0, 0, key.publicKey.toEvmAddress());
    for (const key of [owner, silent]) {
      const transfer = new TransferTransaction()
        .addHbarTransfer('0.0.2', new Hbar(-5))
        .addHbarTransfer(addressed(key), new Hbar(5));
      expect(await statusOf(transfer, before.client)).toBe('SUCCESS');
    }
    const infoOf = (key: PrivateKey, stage = before) =>
      new AccountInfoQuery().setAccountId(addressed(key)).execute(stage.client);
    const { accountId } = await infoOf(owner);
    const client = clientOf(before.ledger, accountId.toString(), owner);
    const back = new TransferTransaction().addHbarTransfer(accountId, -1).addHbarTransfer('0.0.2', 1);
    expect(await statusOf(back, client)).toBe('SUCCESS');
    client.close();
    const hash = before.ledger.stateHash();
    await before.close();

    const after = await openStage({ data });
    expect(after.ledger.stateHash()).toBe(hash);
    expect((await infoOf(owner, after)).key.toString()).toBe(owner.publicKey.toString());
    const { accountId: hollow } = await infoOf(silent, after);
    const late = clientOf(after.ledger, hollow.toString(), silent);
    const first = new TransferTransaction().addHbarTransfer(hollow, -1).addHbarTransfer('0.0.2', 1);
    expect(await statusOf(first, late)).toBe('SUCCESS');
    late.close();
    await after.close();
  });
});
