import { BinaryReader } from '@bufbuild/protobuf/wire';
import { type Ledger, type LedgerOptions, startLedger } from '@gatepost/local-ledger/ledger';
import {
  AccountCreateTransaction,
  AccountId,
  Client,
  Hbar,
  PrivateKey,
  Status,
  type Transaction,
  type TransactionId,
  TransactionReceiptQuery,
} from '@hashgraph/sdk';

/** The first of the SDK's list of transactions, one for each node. */
export function firstTransaction(list: Uint8Array): Uint8Array<ArrayBuffer> {
  const reader = new BinaryReader(list);
  reader.tag();
  return Uint8Array.from(reader.bytes());
}

/** A network with an SDK client whose operator is 0.0.2. */
export interface Stage {
  readonly ledger: Ledger;
  readonly client: Client;
  readonly operatorKey: PrivateKey;
  close(): Promise<void>;
}

/** An SDK client of the network with this operator. */
export function clientOf(ledger: Ledger, accountId: string, key: PrivateKey): Client {
  const client = Client.forNetwork({ [`127.0.0.1:${ledger.ports.consensus}`]: new AccountId(3) });
  client.setMirrorNetwork([`127.0.0.1:${ledger.ports.mirrorGrpc}`]);
  client.setOperator(accountId, key);
  return client;
}

export async function openStage(options: LedgerOptions = {}): Promise<Stage> {
  const ledger = await startLedger(options);
  const operatorKey = PrivateKey.fromStringDer(ledger.operator.privateKey);
  const client = clientOf(ledger, ledger.operator.accountId, operatorKey);
  return {
    ledger,
    client,
    operatorKey,
    close: async () => {
      client.close();
      await ledger.close();
    },
  };
}

/** A new account with its key and a client that it operates. */
export interface Party {
  readonly id: AccountId;
  readonly key: PrivateKey;
  readonly client: Client;
}

export async function newParty(stage: Stage, hbar = 100, slots = 0): Promise<Party> {
  const key = PrivateKey.generateED25519();
  const response = await new AccountCreateTransaction()
    .setKeyWithoutAlias(key.publicKey)
    .setInitialBalance(new Hbar(hbar))
    .setMaxAutomaticTokenAssociations(slots)
    .execute(stage.client);
  const { accountId } = await response.getReceipt(stage.client);
  if (accountId === null) {
    throw new Error('no account in the receipt');
  }
  return { id: accountId, key, client: clientOf(stage.ledger, accountId.toString(), key) };
}

/** The name of the status with which a transaction ends, in precheck or in the receipt. */
export async function statusOf(transaction: Transaction, client: Client): Promise<string> {
  try {
    const response = await transaction.execute(client);
    const receipt = await response.getReceiptQuery().setValidateStatus(false).execute(client);
    return receipt.status.toString();
  } catch (error) {
    return statusIn(error);
  }
}

/** The name of the status in the receipt of an id; RECEIPT_NOT_FOUND when there is none. */
export async function outcomeOf(id: TransactionId | null, client: Client): Promise<string> {
  try {
    const query = new TransactionReceiptQuery()
      .setTransactionId(id ?? '')
      .setValidateStatus(false)
      .setMaxAttempts(1);
    return (await query.execute(client)).status.toString();
  } catch (error) {
    return statusIn(error);
  }
}

/** The name of the status in an SDK error. */
export function statusIn(error: unknown): string {
  const exhausted = error instanceof Error ? /last error being: ([A-Z_]+)$/.exec(error.message)?.[1] : undefined;
  if (exhausted !== undefined) {
    return exhausted;
  }
  if (typeof error === 'object' && error !== null && 'status' in error && error.status instanceof Status) {
    return error.status.toString();
  }
  throw error;
}
