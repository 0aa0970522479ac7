import { createPrivateKey, sign } from 'node:crypto';
import { AccountId, Client, PrivateKey, Timestamp, TransactionId } from '@hashgraph/sdk';

/** An SDK client of the ledger that signs with node:crypto, which is several times faster than the SDK's own way. */
export function connect({ ports, operator }) {
  const client = Client.forNetwork({ [`127.0.0.1:${ports.consensus}`]: new AccountId(3) });
  client.setMirrorNetwork([`127.0.0.1:${ports.mirrorGrpc}`]);
  const der = Buffer.from(operator.privateKey, 'hex');
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const { publicKey } = PrivateKey.fromStringDer(operator.privateKey);
  client.setOperatorWith(operator.accountId, publicKey, async (bytes) => sign(null, bytes, key));
  return client;
}

/** Makes transaction ids that are unique and in order; the SDK would remember every id it makes itself. */
export function transactionIds(accountId) {
  const account = AccountId.fromString(accountId);
  let last = 0n;
  return () => {
    const now = BigInt(Date.now() - 2000) * 1_000_000n;
    last = now > last ? now : last + 1n;
    const start = new Timestamp(Number(last / 1_000_000_000n), Number(last % 1_000_000_000n));
    return TransactionId.withValidStart(account, start);
  };
}
