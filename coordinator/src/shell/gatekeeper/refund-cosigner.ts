import { promisify } from 'node:util';
import type { CosignRefundRequest, CosignRefundResponse } from '@gatepost/proto/gen/gatepost/gatekeeper/v1/gatekeeper';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { unpackMessage } from '@gatepost/shared/records/codec';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import type { Metadata } from '@grpc/grpc-js';
import type { RefundCosigner } from '../setup/fund.js';
import { type GatekeeperAddress, openGatekeeper } from './open-gatekeeper.js';
import { sessionMetadata } from './plan-handover.js';
import { gatekeeperKey } from './remote-cosigner.js';

/** The process of a gatekeeper that serves now, as the journal shows it. @throws GatepostError AGENT_UNREACHABLE, MIRROR_UNREACHABLE */
async function servingProcess(
  { mirror }: Connection,
  journal: TopicId,
  account: AccountId,
): Promise<GatekeeperAddress> {
  let found: GatekeeperAddress | undefined;
  for await (const { message, payer_account_id: author } of mirror.messagesAfter(journal, 0)) {
    if (author !== account) continue;
    const decoded = unpackMessage(message);
    if ('malformed' in decoded) continue;
    for (const record of decoded.records) {
      if (record.type === 'gatekeeper_online') {
        const { session, address, cert_sha256: certSha256 } = record;
        found = { account, session, address, certSha256 };
      }
      if (record.type === 'gatekeeper_offline' && record.session === found?.session) found = undefined;
    }
  }
  if (found !== undefined) return found;
  throw new GatepostError('AGENT_UNREACHABLE', `gatekeeper ${account} does not serve; start it with: gatekeeper serve`);
}

/**
 * The gatekeeper that serves now, for what concerns a refund; `close` when that is done.
 * @throws GatepostError AGENT_UNREACHABLE, AGENT_UNTRUSTED, MIRROR_UNREACHABLE
 */
export async function refundCosigner(
  connection: Connection,
  journal: TopicId,
  account: AccountId,
  insecureLoopback: boolean,
): Promise<RefundCosigner & { close(): void }> {
  const publicKey = await gatekeeperKey(connection, account);
  const gatekeeper = await openGatekeeper(
    connection,
    await servingProcess(connection, journal, account),
    insecureLoopback,
  );
  const { client } = gatekeeper;
  const call = promisify<CosignRefundRequest, Metadata, CosignRefundResponse>(client.cosignRefund.bind(client));
  return {
    publicKey,
    cosign: async (body) => {
      const { answer } = await call({ body: Buffer.from(body) }, sessionMetadata(gatekeeper));
      if (answer?.$case === 'signature') return answer.value;
      const reason = answer?.value.reason ?? 'an answer that says nothing';
      throw new GatepostError('AGENT_REFUSED', `the gatekeeper does not sign: ${reason}`);
    },
    close: () => client.close(),
  };
}
