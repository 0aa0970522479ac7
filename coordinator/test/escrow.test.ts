import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { escrowLooks } from '@gatepost/coordinator/shell/doctor/escrow-looks';
import { requireConfig } from '@gatepost/coordinator/shell/setup/config-file';
import { fund, type RefundCosigner } from '@gatepost/coordinator/shell/setup/fund';
import { type InitialiseOptions, initialise } from '@gatepost/coordinator/shell/setup/initialise';
import { takeLooks } from '@gatepost/shared/doctor/finding';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { signerOf } from '@gatepost/shared/hedera/cosigned/prepare';
import { keyListFromMirror } from '@gatepost/shared/hedera/key-list';
import { cosignRefund } from '@gatepost/shared/hedera/refund-cosigning';
import { standingLadders } from '@gatepost/shared/hedera/refund-ladder';
import { tokenTransfer } from '@gatepost/shared/hedera/tokens';
import { send } from '@gatepost/shared/hedera/transaction';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { NANOS_PER_SECOND } from '@gatepost/shared/vocabulary/time';
import { CustomFixedFee, TokenCreateTransaction } from '@hashgraph/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LedgerFixture, openLedger } from '../../shared/test/ledger-fixture.js';

const DAY_MS = 86_400_000;
let fixture: LedgerFixture;
let coordinator: Connection;
let gatekeeper: Connection;
let arbiter: Connection;
let directory: string;

beforeAll(async () => {
  fixture = await openLedger();
  [coordinator, gatekeeper, arbiter] = await Promise.all([
    fixture.newAccount(),
    fixture.newAccount(),
    fixture.newAccount(),
  ]);
  directory = mkdtempSync(join(tmpdir(), 'gatepost-escrow-'));
});
afterAll(async () => {
  await fixture.close();
  rmSync(directory, { recursive: true, force: true });
});

const optionsFor = (name: string, change: Partial<InitialiseOptions> = {}): InitialiseOptions => ({
  configFile: join(directory, name),
  agents: [],
  journal: undefined,
  token: undefined,
  tokenName: 'T',
  tokenSymbol: 'T',
  supply: 1_000n,
  ...change,
});

/** Signs as the gatekeeper does, from the mirror alone. */
function cosignerOf(connection: Connection, asked: Uint8Array[] = []): RefundCosigner {
  const signer = signerOf(connection.key);
  return {
    publicKey: signer.publicKey,
    cosign: async (body) => {
      asked.push(body);
      const answer = await cosignRefund(connection.mirror, signer, coordinator.account, body);
      if ('objection' in answer) throw new Error(answer.objection);
      return answer.signature;
    },
  };
}

const ladders = async (escrow: AccountId) => {
  const { key } = await coordinator.mirror.account(escrow);
  return standingLadders(coordinator.mirror, coordinator.account, escrow, key?.key ?? '');
};

describe('init with a gatekeeper', () => {
  it('makes an escrow that needs both keys and a token that nobody can mint, once', async () => {
    const options = optionsFor('a.yaml', { gatekeeper: gatekeeper.account });
    const made = await initialise(coordinator, options);
    expect(made.created).toEqual(['journal', 'token', 'escrow']);
    const { escrow, token } = requireConfig(options.configFile);
    expect([made.escrow, made.token]).toEqual([escrow, token]);
    const shown = await coordinator.mirror.account(escrow as AccountId);
    expect(shown.key?._type).toBe('ProtobufEncoded');
    expect(shown.key?.key).toContain(gatekeeper.key.publicKey.toStringRaw());
    expect(shown.key?.key).toContain(coordinator.key.publicKey.toStringRaw());
    const [own, other] = [coordinator, gatekeeper].map(({ key }) => ({
      _type: 'ED25519',
      key: key.publicKey.toStringRaw(),
    }));
    expect(shown.key && keyListFromMirror(shown.key)).toEqual({ keys: [own, other], threshold: 2 });
    const { admin_key, supply_key, wipe_key } = await coordinator.mirror.token(token);
    expect([admin_key, supply_key, wipe_key]).toEqual([null, null, null]);
    const again = await initialise(coordinator, options);
    expect(again).toMatchObject({ escrow, created: [], changed: false });
    await expect(initialise(coordinator, { ...options, gatekeeper: arbiter.account })).rejects.toThrow(
      /names gatekeeper/,
    );
    await expect(initialise(coordinator, { ...options, arbiter: arbiter.account })).rejects.toThrow(
      /without an arbiter/,
    );
  });

  it('adds an escrow to a configuration that has none, and leaves the rest of the file', async () => {
    const plain = optionsFor('b.yaml', { agents: [arbiter.account] });
    await initialise(coordinator, plain);
    const before = readFileSync(plain.configFile, 'utf8');
    const made = await initialise(coordinator, { ...plain, gatekeeper: gatekeeper.account, arbiter: arbiter.account });
    expect(made.created).toEqual(['escrow']);
    expect(readFileSync(plain.configFile, 'utf8').startsWith(before)).toBe(true);
    expect(requireConfig(plain.configFile)).toMatchObject({ gatekeeper: gatekeeper.account, arbiter: arbiter.account });
  });

  it('refuses parties of which one could sign for another', async () => {
    const parties = [
      { gatekeeper: coordinator.account },
      { gatekeeper: gatekeeper.account, arbiter: gatekeeper.account },
      { arbiter: arbiter.account },
    ];
    for (const wrong of parties) {
      await expect(initialise(coordinator, optionsFor('c.yaml', wrong))).rejects.toMatchObject({ code: 'USAGE' });
    }
  });
});

describe('what the doctor finds', () => {
  it('the escrow of a configuration whose key it is, with the refund of what it holds', async () => {
    const { escrow, token } = await initialise(
      coordinator,
      optionsFor('doctor.yaml', { gatekeeper: gatekeeper.account }),
    );
    const look = async (
      config: { gatekeeper?: AccountId; arbiter?: AccountId } = { gatekeeper: gatekeeper.account },
    ) => {
      const findings = await takeLooks(escrowLooks(coordinator, { escrow, ...config }, token));
      return findings.map(({ id }) => id);
    };
    expect(await look()).toEqual(['escrow']);
    for (const other of [
      { gatekeeper: arbiter.account },
      { gatekeeper: gatekeeper.account, arbiter: arbiter.account },
      {},
    ]) {
      expect(await look(other)).toEqual(['escrow.key']);
    }
    if (escrow === undefined) throw new Error('no escrow');
    await send(coordinator, tokenTransfer(coordinator, token, [{ to: escrow, amount: 5n }]));
    expect(await look()).toEqual(['escrow.no-refund']);
    await fund(coordinator, { escrow, token, amount: 0n, refundAfterMs: DAY_MS }, cosignerOf(gatekeeper));
    expect(await look()).toEqual(['escrow']);
  });
});

describe('funding', () => {
  const ground = async (name: string) => {
    const { escrow, token } = await initialise(coordinator, optionsFor(name, { gatekeeper: gatekeeper.account }));
    if (escrow === undefined) throw new Error('no escrow');
    return { escrow, token };
  };
  const balances = ({ escrow, token }: Awaited<ReturnType<typeof ground>>) =>
    Promise.all([escrow, coordinator.account].map((account) => coordinator.mirror.tokenBalance(account, token)));

  it('first has a refund stand for all that there will be; done again it makes the rest', async () => {
    const to = await ground('d.yaml');
    const first = await fund(coordinator, { ...to, amount: 77n, refundAfterMs: undefined }, cosignerOf(gatekeeper));
    expect(first).toMatchObject({ balance: 77n, rungs: { made: 7, deleted: 0 } });
    const more = await fund(coordinator, { ...to, amount: 100n, refundAfterMs: undefined }, cosignerOf(gatekeeper));
    expect(more).toMatchObject({ balance: 177n, refundAt: first.refundAt, rungs: { made: 1, deleted: 0 } });
    expect((await ladders(to.escrow)).map(({ covers }) => covers)).toEqual([255n]);
    expect(await balances(to)).toEqual([177n, 823n]);
  });

  it('and init as well refuse a token that takes custom fees, before anything is made', async () => {
    const fee = new CustomFixedFee().setAmount(1).setFeeCollectorAccountId(coordinator.account);
    const create = new TokenCreateTransaction().setTokenName('Fee').setTokenSymbol('F').setInitialSupply(1_000);
    create.setTreasuryAccountId(coordinator.account).setCustomFees([fee]);
    const { tokenId: token } = await send(coordinator, create, { maxFeeHbar: 60 });
    if (token === undefined) throw new Error('no token');
    const wanted = optionsFor('fees.yaml', { gatekeeper: gatekeeper.account, token });
    await expect(initialise(coordinator, wanted)).rejects.toThrow(/only tokens without custom fees/);
    expect(existsSync(wanted.configFile)).toBe(false);
    const { escrow } = await ground('without-fees.yaml');
    const funding = fund(coordinator, { escrow, token, amount: 5n, refundAfterMs: undefined }, cosignerOf(gatekeeper));
    await expect(funding).rejects.toThrow(/only tokens without custom fees/);
  });

  it('gives nothing to an escrow whose refund the gatekeeper does not sign', async () => {
    const to = await ground('e.yaml');
    const refusing = { ...cosignerOf(gatekeeper), cosign: () => Promise.reject(new Error('not now')) };
    await expect(fund(coordinator, { ...to, amount: 5n, refundAfterMs: undefined }, refusing)).rejects.toThrow(
      'not now',
    );
    expect(await balances(to)).toEqual([undefined, 1_000n]);
  });

  it('puts a refund off, never forward, and takes the earlier one back', async () => {
    const to = await ground('f.yaml');
    const first = await fund(coordinator, { ...to, amount: 5n, refundAfterMs: 10 * DAY_MS }, cosignerOf(gatekeeper));
    const later = await fund(coordinator, { ...to, amount: 0n, refundAfterMs: 20 * DAY_MS }, cosignerOf(gatekeeper));
    expect(later.refundAt).toBe(first.refundAt + 10 * 86_400);
    expect(later.rungs).toEqual({ made: 3, deleted: 3 });
    expect((await ladders(to.escrow)).map(({ refundAt }) => refundAt)).toEqual([later.refundAt]);
    const sooner = fund(coordinator, { ...to, amount: 0n, refundAfterMs: 2 * DAY_MS }, cosignerOf(gatekeeper));
    await expect(sooner).rejects.toMatchObject({ code: 'USAGE' });
    const tooLate = fund(coordinator, { ...to, amount: 0n, refundAfterMs: 63 * DAY_MS }, cosignerOf(gatekeeper));
    await expect(tooLate).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('gives the rest back by the ledger alone, whatever the rest is', async () => {
    const to = await ground('g.yaml');
    const { refundAt } = await fund(coordinator, { ...to, amount: 77n, refundAfterMs: DAY_MS }, cosignerOf(gatekeeper));
    const now = fixture.ledger.clock.now();
    await fixture.ledger.clock.advance(BigInt(refundAt + 120) * NANOS_PER_SECOND - now);
    await expect.poll(() => balances(to)).toEqual([0n, 1_000n]);
  });
});
