import { generateAccountKey } from '@gatepost/shared/hedera/account-key';
import { innerTransaction, readBatch } from '@gatepost/shared/hedera/cosigned/batch';
import { signerOf } from '@gatepost/shared/hedera/cosigned/prepare';
import type { BatchReading } from '@gatepost/shared/ledger/cosigner';
import { readMemoryBatch, unsignedBatch } from '@gatepost/shared/ledger/memory/cosigning';
import type { Envelope, Part } from '@gatepost/shared/ledger/memory/envelope';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';

const [PAYER, COSIGNER, OTHER] = [generateAccountKey(), generateAccountKey(), generateAccountKey()].map(({ key }) =>
  signerOf(key),
) as [ReturnType<typeof signerOf>, ReturnType<typeof signerOf>, ReturnType<typeof signerOf>];

type InnerAction = Parameters<typeof innerTransaction>[2];

/** What a part does, as the adapter of the SDK has it; undefined for what no inner transaction of ours does. */
function actionOf({ action, from }: Part, payer: AccountId): InnerAction | undefined {
  if (action.kind === 'transfer') return { ...action, from: from ?? payer };
  return action.kind === 'message' || action.kind === 'unschedule' ? action : undefined;
}

/** What a reading says, without what is only the reader's own. */
const told = ({ digest: _, sign: __, ...reading }: Exclude<BatchReading, { objection: string }>): string =>
  JSON.stringify(reading, (_key, value: unknown) =>
    typeof value === 'bigint' ? `${value}` : value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  );

/**
 * Makes the bytes of a real network of a batch that somebody made up in memory, and reads both.
 * @returns what is wrong: the reader of real bytes takes what the other objects to, or reads another batch.
 */
export function readOtherwise(envelope: Envelope, cosigner: AccountId): string | undefined {
  const { payer, validSeconds, parts } = envelope;
  const { inner, outer } = unsignedBatch(envelope);
  const real: Uint8Array[] = [];
  for (const part of parts) {
    const action = actionOf(part, payer);
    if (action === undefined) return undefined;
    const { publicKey: batchKey } = part.batchKey === cosigner ? COSIGNER : OTHER;
    real.push(innerTransaction(part.id, { validSeconds, batchKey }, action, PAYER));
  }
  const byBytes = readBatch({ inner: real, outer }, COSIGNER.publicKey);
  if ('objection' in byBytes) return undefined;
  const inMemory = readMemoryBatch({ inner, outer }, cosigner);
  if ('objection' in inMemory) return `real bytes are read where memory objects: ${inMemory.objection}`;
  const [one, other] = [told(byBytes), told(inMemory)];
  return one === other ? undefined : `real bytes are read otherwise: ${one}, ${other}`;
}
