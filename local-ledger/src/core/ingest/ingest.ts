import type { CryptoPort } from '../crypto-port.js';
import { signerOf, transactionSigners } from '../handling/signers.js';
import { accountNum } from '../ids.js';
import { isHollow } from '../keys/hollow.js';
import { isSatisfied } from '../keys/key-activation.js';
import { SignatureSet } from '../keys/signature-set.js';
import { isPrivileged, limits, systemAccounts } from '../limits.js';
import type { TransactionKey } from '../model.js';
import type { LedgerState } from '../state/ledger-state.js';
import { demand, fail, present, Status } from '../status.js';
import { operationOf } from '../transactions/operation-of.js';
import { type Clocks, checkBody, checkWindow } from './body-checks.js';
import { type Decoded, decodeSigned, decodeTransaction } from './decode.js';
import type { Envelope } from './envelope.js';
import { checkSolvency } from './solvency.js';
import type { Throttles } from './throttles.js';

/** What a node knows when it looks at a submission. */
export interface IngestContext {
  readonly state: LedgerState;
  readonly crypto: CryptoPort;
  readonly clocks: Clocks;
  /** DUPLICATE_TRANSACTION or TRANSACTION_EXPIRED for an id that was seen, undefined for a fresh one. */
  seen(id: TransactionKey): Status | undefined;
  /** What the network takes in a time; unbounded without. */
  readonly throttles?: Throttles | undefined;
}

/**
 * The checks of a node before it hands a transaction to the platform, in the network's order. Throws StatusError with the
 * precheck code. Only the payer's signature is looked at here.
 */
export function ingest(bytes: Uint8Array, context: IngestContext): Envelope {
  const decoded = decodeTransaction(bytes);
  const isGovernance = isPrivileged(accountNum(decoded.body.transactionID?.accountID));
  demand(decoded.signedBytes.length <= limits.transactionBytes || isGovernance, Status.TRANSACTION_OVERSIZE);
  return check(decoded, context, false);
}

/** The same checks for an inner transaction of a batch, less the node account. */
function ingestInner(signedBytes: Uint8Array, context: IngestContext): Envelope {
  return check(decodeSigned(signedBytes), context, true);
}

function check(decoded: Decoded, context: IngestContext, isInner: boolean): Envelope {
  const { body } = decoded;
  const id = checkBody(body, decoded.signed.sigMap?.sigPair ?? []);
  demand(isInner || accountNum(body.nodeAccountID) === systemAccounts.node, Status.INVALID_NODE_ACCOUNT);
  checkWindow(body, id.validStart, context.clocks);
  const seen = context.seen(id);
  demand(seen === undefined, seen ?? Status.DUPLICATE_TRANSACTION);
  const envelope = open(decoded, id, context.crypto);
  demand(context.throttles?.admits(envelope, context.state, context.clocks.ledger) ?? true, Status.BUSY);
  envelope.operation.pureChecks(body);
  checkPayer(envelope, context);
  checkSolvency(envelope, context.state);
  return { ...envelope, inner: innerBytes(envelope).map((bytes) => ingestInner(bytes, context)) };
}

/** An envelope of bytes that were accepted before: for replay. */
export function reopen(signedBytes: Uint8Array, crypto: CryptoPort): Envelope {
  const decoded = decodeSigned(signedBytes);
  const id = checkBody(decoded.body, []);
  const envelope = open(decoded, id, crypto);
  return { ...envelope, inner: innerBytes(envelope).map((bytes) => reopen(bytes, crypto)) };
}

function open({ signedBytes, signed, body }: Decoded, id: TransactionKey, crypto: CryptoPort): Envelope {
  const operation = (body.data && operationOf(body.data)) ?? fail(Status.NOT_SUPPORTED);
  const signatures = new SignatureSet(signed.sigMap?.sigPair ?? [], signed.bodyBytes, crypto);
  return { signedBytes, body, id, signatures, operation, inner: [] };
}

function innerBytes({ body }: Envelope): readonly Uint8Array[] {
  return body.data?.$case === 'atomicBatch' ? body.data.value.transactions : [];
}

function checkPayer({ id, signatures }: Envelope, { state, crypto }: IngestContext): void {
  const payer = present(state.accounts.get(id.payer), Status.PAYER_ACCOUNT_NOT_FOUND);
  demand(!payer.deleted, Status.PAYER_ACCOUNT_DELETED);
  const isSigned =
    payer.evmAddress !== undefined && isHollow(payer)
      ? signerOf(transactionSigners(signatures, crypto), payer.evmAddress) !== undefined
      : isSatisfied(payer.key, (key) => signatures.hasSigned(key));
  demand(isSigned, Status.INVALID_SIGNATURE);
}
