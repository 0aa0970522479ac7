import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fund } from '@gatepost/coordinator/shell/setup/fund';
import { initialise } from '@gatepost/coordinator/shell/setup/initialise';
import { type Ledger, startLedger } from '@gatepost/local-ledger/ledger';
import { networkFromEnvironment } from '@gatepost/shared/config/network';
import { type AccountKey, generateAccountKey, parseAccountKey } from '@gatepost/shared/hedera/account-key';
import { createAccount } from '@gatepost/shared/hedera/accounts';
import { type Connection, connect } from '@gatepost/shared/hedera/connection';
import { signerOf } from '@gatepost/shared/hedera/cosigned/prepare';
import { MirrorRest } from '@gatepost/shared/hedera/mirror-rest';
import { cosignRefund } from '@gatepost/shared/hedera/refund-cosigning';
import { standingLadders } from '@gatepost/shared/hedera/refund-ladder';
import { sdk } from '@gatepost/shared/hedera/sdk';
import { type AccountId, accountId, type ScheduleId, type TokenId } from '@gatepost/shared/vocabulary/ids';
import { msFromNanos, NANOS_PER_SECOND } from '@gatepost/shared/vocabulary/time';
import type { Client, Transaction } from '@hashgraph/sdk';

/** Whose keys sign. */
export type Holder = 'coordinator' | 'gatekeeper' | 'both';

/** One thing that was tried on the network, and what it said. */
export interface Tried {
  readonly what: string;
  readonly holder: Holder;
  /** The network's status of it; inside a batch that of the batch and of the transfer. */
  readonly status: string;
}

/** What each key can do: nothing alone; both together what they agree on; nobody can mint. */
export const isHeld = ({ what, holder, status }: Tried): boolean => {
  if (what.startsWith('mint')) return status === 'TOKEN_HAS_NO_SUPPLY_KEY';
  return holder === 'both' ? status === 'SUCCESS' : status.endsWith('INVALID_SIGNATURE');
};

/** An escrow with money in it, and the keys of its two parties. */
export interface Ground {
  readonly ledger: Ledger;
  readonly coordinator: Connection;
  readonly gatekeeper: Connection;
  /** Private, DER hex. */
  readonly keys: { readonly coordinator: string; readonly gatekeeper: string };
  readonly escrow: AccountId;
  readonly token: TokenId;
  readonly refundAt: number;
}

const SUPPLY = 1_000n;
const TRANSFER = 'transfer from the escrow';
const DAY_MS = 86_400_000;

/** Makes an escrow on a network, with its refund. */
export async function openGround(ledger: Ledger, amount: bigint): Promise<Ground> {
  const network = networkFromEnvironment({
    GATEPOST_NODE: `127.0.0.1:${ledger.ports.consensus}`,
    GATEPOST_MIRROR_GRPC: `127.0.0.1:${ledger.ports.mirrorGrpc}`,
    GATEPOST_MIRROR_REST: `http://127.0.0.1:${ledger.ports.mirrorRest}`,
  });
  const nowMs = () => msFromNanos(ledger.clock.now());
  const { accountId: operatorId, privateKey } = ledger.operator;
  const operator = connect(network, accountId(operatorId), parseAccountKey(privateKey, 'operator'), nowMs);
  const party = async () => {
    const { key, der } = generateAccountKey();
    const connection = connect(network, await createAccount(operator, key.publicKey, 100), key, nowMs);
    return { connection, der };
  };
  const [first, second] = [await party(), await party()];
  const [coordinator, gatekeeper] = [first.connection, second.connection];
  operator.close();
  const directory = mkdtempSync(join(tmpdir(), 'gatepost-escrow-'));
  try {
    const names = { agents: [], journal: undefined, token: undefined, tokenName: 'Credit', tokenSymbol: 'C' };
    const options = { ...names, configFile: join(directory, 'coordinator.yaml'), supply: SUPPLY };
    const { escrow, token } = await initialise(coordinator, { ...options, gatekeeper: gatekeeper.account });
    if (escrow === undefined) throw new Error('init made no escrow');
    const signer = signerOf(gatekeeper.key);
    const { refundAt } = await fund(
      coordinator,
      { escrow, token, amount, refundAfterMs: DAY_MS },
      {
        publicKey: signer.publicKey,
        cosign: async (body) => {
          const answer = await cosignRefund(gatekeeper.mirror, signer, coordinator.account, body);
          if ('objection' in answer) throw new Error(answer.objection);
          return answer.signature;
        },
      },
    );
    const keys = { coordinator: first.der, gatekeeper: second.der };
    return { ledger, coordinator, gatekeeper, keys, escrow, token, refundAt };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** What somebody might do with the keys he has, to have the money or to make it worthless. */
async function tries(ground: Ground): Promise<readonly [string, (own: AccountKey, to: AccountId) => Transaction][]> {
  const { escrow, token } = ground;
  const transfer = (to: AccountId) =>
    new sdk.TransferTransaction().addTokenTransfer(token, escrow, -1).addTokenTransfer(token, to, 1);
  const rung = await someRung(ground);
  return [
    [TRANSFER, (_own, to) => transfer(to)],
    [
      'change the escrow’s key',
      (own) => new sdk.AccountUpdateTransaction().setAccountId(escrow).setKey(own.publicKey).setAccountMemo('mine'),
    ],
    ['mint the token', () => new sdk.TokenMintTransaction().setTokenId(token).setAmount(1)],
    ['delete a rung of the refund', () => new sdk.ScheduleDeleteTransaction().setScheduleId(rung)],
  ];
}

async function someRung({ coordinator, escrow }: Ground): Promise<ScheduleId> {
  const { key } = await coordinator.mirror.account(escrow);
  const [ladder] = await standingLadders(coordinator.mirror, coordinator.account, escrow, key?.key ?? '');
  const rung = ladder?.rungs[0];
  if (rung === undefined) throw new Error('no refund stands');
  return rung.schedule;
}

/** A client of the SDK with the keys of one party, or of both: nothing of ours is between it and the network. */
class Attacker {
  readonly #client: Client;

  constructor(
    readonly ground: Ground,
    readonly holder: Holder,
  ) {
    const { consensus } = ground.ledger.ports;
    const { account, key } = this.payer;
    this.#client = new sdk.Client({ network: { [`127.0.0.1:${consensus}`]: '0.0.3' }, scheduleNetworkUpdate: false });
    this.#client.setOperatorWith(account, key.publicKey, async (message) => key.sign(message));
  }

  get payer(): Connection {
    return this.holder === 'gatekeeper' ? this.ground.gatekeeper : this.ground.coordinator;
  }

  get #keys(): readonly AccountKey[] {
    const { coordinator, gatekeeper } = this.ground;
    return this.holder === 'both' ? [coordinator.key, gatekeeper.key] : [this.payer.key];
  }

  async #sign(transaction: Transaction): Promise<Transaction> {
    for (const key of this.#keys) await transaction.signWith(key.publicKey, async (message) => key.sign(message));
    return transaction;
  }

  async try(transaction: Transaction): Promise<string> {
    return this.#statusOf(await this.#sign(transaction.freezeWith(this.#client)));
  }

  /** As the only inner transaction of a batch of its own. */
  async tryInBatch(transaction: Transaction): Promise<string> {
    const inner = await this.#sign(await transaction.batchify(this.#client, this.payer.key.publicKey));
    const batch = new sdk.BatchTransaction().addInnerTransaction(inner);
    const outer = await this.#statusOf(await this.#sign(batch.freezeWith(this.#client)));
    const id = inner.transactionId?.toString();
    const said = outer === 'SUCCESS' || id === undefined ? undefined : await this.#mirrored(id);
    return said === undefined ? outer : `${outer}: ${said}`;
  }

  async #mirrored(id: string): Promise<string | undefined> {
    for (let looks = 0; looks < 100; looks += 1) {
      const found = await this.payer.mirror.transaction(id as Parameters<MirrorRest['transaction']>[0]);
      if (found[0] !== undefined) return found[0].result;
      await pause(20);
    }
    return undefined;
  }

  async #statusOf(transaction: Transaction): Promise<string> {
    try {
      const response = await transaction.execute(this.#client);
      const { status } = await response.getReceiptQuery().setValidateStatus(false).execute(this.#client);
      return status.toString();
    } catch (error) {
      const { status } = error as { status?: { toString(): string } };
      if (status === undefined) throw error;
      return status.toString();
    }
  }

  close(): void {
    this.#client.close();
  }
}

/** Everything that one party alone, and both together, can try with an escrow. */
export async function keysTrial(): Promise<readonly Tried[]> {
  const ledger = await startLedger();
  const ground = await openGround(ledger, 77n);
  const tried: Tried[] = [];
  try {
    const all = await tries(ground);
    for (const holder of ['coordinator', 'gatekeeper', 'both'] as const) {
      const attacker = new Attacker(ground, holder);
      const own = attacker.payer;
      for (const [what, make] of all) {
        tried.push({ what, holder, status: await attacker.try(make(own.key, own.account)) });
        if (what !== TRANSFER) continue;
        const status = await attacker.tryInBatch(make(own.key, own.account));
        tried.push({ what: 'the same in a batch', holder, status });
      }
      attacker.close();
    }
    return tried;
  } finally {
    close(ground);
    await ledger.close();
  }
}

/** What became of an escrow that nobody attends to any more. */
export interface Refunded {
  readonly before: { readonly escrow: bigint; readonly owner: bigint };
  readonly after: { readonly escrow: bigint; readonly owner: bigint };
}

/** Funds an escrow with an odd amount, ends everybody, lets the network's time pass, and looks at the mirror. */
export async function refundTrial(amount: bigint): Promise<Refunded> {
  const ledger = await startLedger();
  try {
    const ground = await openGround(ledger, amount);
    const { escrow, token, coordinator, refundAt } = ground;
    const owner = coordinator.account;
    close(ground);
    const mirror = new MirrorRest({ mirrorRest: `http://127.0.0.1:${ledger.ports.mirrorRest}` });
    const look = async () => ({
      escrow: (await mirror.tokenBalance(escrow, token)) ?? 0n,
      owner: (await mirror.tokenBalance(owner, token)) ?? 0n,
    });
    const before = await look();
    await ledger.clock.advance(BigInt(refundAt + 120) * NANOS_PER_SECOND - ledger.clock.now());
    let after = await look();
    for (let looks = 0; looks < 100 && after.escrow > 0n; looks += 1) {
      await pause(20);
      after = await look();
    }
    return { before, after };
  } finally {
    await ledger.close();
  }
}

/** What a client in another language needs to try the same. */
export async function escrowVariables(ground: Ground): Promise<Readonly<Record<string, string>>> {
  const { coordinator, gatekeeper, keys, escrow, token } = ground;
  return {
    ESCROW_ID: escrow,
    ESCROW_TOKEN: token,
    ESCROW_REFUND: await someRung(ground),
    COORDINATOR_ID: coordinator.account,
    COORDINATOR_KEY: keys.coordinator,
    GATEKEEPER_ID: gatekeeper.account,
    GATEKEEPER_KEY: keys.gatekeeper,
  };
}

/** Closes the parties' connections; the network is the caller's. */
export function close({ coordinator, gatekeeper }: Ground): void {
  coordinator.close();
  gatekeeper.close();
}
