import { type Ledger, startLedger } from '@gatepost/local-ledger/ledger';
import { networkFromEnvironment } from '@gatepost/shared/config/network';
import { generateAccountKey, parseAccountKey } from '@gatepost/shared/hedera/account-key';
import { createAccount } from '@gatepost/shared/hedera/accounts';
import { type Connection, connect } from '@gatepost/shared/hedera/connection';
import { accountId } from '@gatepost/shared/vocabulary/ids';
import { msFromNanos } from '@gatepost/shared/vocabulary/time';

/** An embedded network and connections of accounts with keys of their own. */
export interface LedgerFixture {
  readonly ledger: Ledger;
  readonly operator: Connection;
  /** A new account with 100 hbar. */
  newAccount(): Promise<Connection>;
  close(): Promise<void>;
}

export async function openLedger(): Promise<LedgerFixture> {
  const ledger = await startLedger();
  const network = networkFromEnvironment({
    GATEPOST_NODE: `127.0.0.1:${ledger.ports.consensus}`,
    GATEPOST_MIRROR_GRPC: `127.0.0.1:${ledger.ports.mirrorGrpc}`,
    GATEPOST_MIRROR_REST: `http://127.0.0.1:${ledger.ports.mirrorRest}`,
  });
  const nowMs = () => msFromNanos(ledger.clock.now());
  const operator = connect(
    network,
    accountId(ledger.operator.accountId),
    parseAccountKey(ledger.operator.privateKey, 'key'),
    nowMs,
  );
  const connections = [operator];
  return {
    ledger,
    operator,
    newAccount: async () => {
      const { key } = generateAccountKey();
      const connection = connect(network, await createAccount(operator, key.publicKey, 100), key, nowMs);
      connections.push(connection);
      return connection;
    },
    close: async () => {
      for (const connection of connections) connection.close();
      await ledger.close();
    },
  };
}
