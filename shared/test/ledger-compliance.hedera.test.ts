import { readEnvironment } from '@gatepost/shared/config/environment';
import { networkFromEnvironment } from '@gatepost/shared/config/network';
import { type AccountKey, generateAccountKey, parseAccountKey } from '@gatepost/shared/hedera/account-key';
import { createAccount } from '@gatepost/shared/hedera/accounts';
import { type Connection, connect } from '@gatepost/shared/hedera/connection';
import { readBatch } from '@gatepost/shared/hedera/cosigned/batch';
import { signerOf } from '@gatepost/shared/hedera/cosigned/prepare';
import { createEscrow } from '@gatepost/shared/hedera/escrow';
import { hederaLedger } from '@gatepost/shared/hedera/hedera-ledger';
import { associateToken, createToken } from '@gatepost/shared/hedera/tokens';
import { createTopic } from '@gatepost/shared/hedera/topics';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import { createLogger } from '@gatepost/shared/log';
import { type AccountId, accountId } from '@gatepost/shared/vocabulary/ids';
import { NANOS_PER_SECOND, type Nanos, nanosFromMs } from '@gatepost/shared/vocabulary/time';
import { describeLedger, type LedgerStage } from './ledger-compliance.js';
import { openLedger } from './ledger-fixture.js';

const log = createLogger('test', { GATEPOST_LOG_LEVEL: 'silent' });
const MOMENT_MS = 100;

/** What a stage of the SDK's implementation cannot do by itself. */
interface Ground {
  readonly operator: Connection;
  readonly hbarPerAccount: number;
  now(): Nanos;
  pass(seconds: number): Promise<void>;
  close(): Promise<void>;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function stageOn({ operator, hbarPerAccount, now, pass, close }: Ground): LedgerStage {
  const keys = new Map<AccountId, AccountKey>();
  const connections = new Map<Ledger, Connection>();
  const open = (account: AccountId, key: AccountKey): Ledger => {
    const connection = connect(operator.network, account, key, operator.nowMs);
    const ledger = hederaLedger(connection, log);
    connections.set(ledger, connection);
    return ledger;
  };
  const connectionOf = (ledger: Ledger): Connection => connections.get(ledger) ?? operator;
  return {
    newAccount: async () => {
      const { key } = generateAccountKey();
      const account = await createAccount(operator, key.publicKey, hbarPerAccount);
      keys.set(account, key);
      return open(account, key);
    },
    again: ({ account }) => open(account, keys.get(account) ?? operator.key),
    newTopic: (by, submitter) =>
      createTopic(connectionOf(by), {
        memo: 'compliance',
        ...(submitter === undefined ? {} : { submitKey: connectionOf(submitter).key.publicKey }),
      }),
    newToken: (treasury, initialSupply) =>
      createToken(connectionOf(treasury), { name: 'Compliance', symbol: 'CMP', decimals: 0, initialSupply }),
    associate: async (account, token) => void (await associateToken(connectionOf(account), token)),
    balance: (account, token) => operator.mirror.tokenBalance(account.account, token),
    newEscrow: (by, parties) =>
      createEscrow(
        connectionOf(by),
        parties.map((party) => connectionOf(party).key.publicKey.toStringDer()),
      ),
    cosigning: (of) => {
      const signer = signerOf(connectionOf(of).key);
      return { signer, read: (batch) => readBatch(batch, signer.publicKey) };
    },
    now,
    pass,
    moment: () => sleep(MOMENT_MS),
    close: async () => {
      for (const connection of connections.values()) connection.close();
      await close();
    },
  };
}

describeLedger('the embedded network', async () => {
  const { ledger, operator, close } = await openLedger();
  // Until its clock was moved the embedded network takes what is valid by the machine's clock, whatever passes here.
  await ledger.clock.advance(3_600n * NANOS_PER_SECOND);
  return stageOn({
    operator,
    hbarPerAccount: 100,
    now: () => ledger.clock.now(),
    pass: async (seconds) => void (await ledger.clock.advance(BigInt(seconds) * NANOS_PER_SECOND)),
    close,
  });
});

const env = readEnvironment();
const { GATEPOST_NETWORK: name, COORDINATOR_ACCOUNT_ID: account, COORDINATOR_PRIVATE_KEY: key } = env;

// Test networks alone: the suite makes accounts, topics and a token that nobody needs afterwards.
if ((name === 'testnet' || name === 'previewnet') && account !== undefined && key !== undefined) {
  describeLedger(name, async () => {
    const network = networkFromEnvironment(env);
    const operator = connect(network, accountId(account), parseAccountKey(key, 'COORDINATOR_PRIVATE_KEY'));
    return stageOn({
      operator,
      hbarPerAccount: 20,
      now: () => nanosFromMs(Date.now()),
      pass: (seconds) => sleep(seconds * 1_000),
      close: async () => operator.close(),
    });
  });
} else {
  console.info(
    'The compliance suite leaves a real network out: set GATEPOST_NETWORK to testnet or previewnet, ' +
      'COORDINATOR_ACCOUNT_ID and COORDINATOR_PRIVATE_KEY to run it there.',
  );
}
