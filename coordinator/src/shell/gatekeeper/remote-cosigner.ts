import type { Plan } from '@gatepost/rules/plan/plan';
import type { GatekeeperState } from '@gatepost/rules/run/gatekeeper-state';
import type { Clock } from '@gatepost/shared/clock';
import { publicKeyFromMirror } from '@gatepost/shared/hedera/account-key';
import { accountKeyOnMirror } from '@gatepost/shared/hedera/account-keys';
import type { Connection } from '@gatepost/shared/hedera/connection';
import type { Cosignature, Cosigner, UnsignedBatch } from '@gatepost/shared/ledger/cosigner';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { msFromNanos, parseNanos } from '@gatepost/shared/vocabulary/time';
import { GatekeeperLink, type GatekeeperWait } from './gatekeeper-link.js';
import { type GatekeeperAddress, type OpenGatekeeper, openGatekeeper } from './open-gatekeeper.js';
import { handOverPlan } from './plan-handover.js';

/** The gatekeeper as a run uses it. */
export interface RunCosigner extends Cosigner {
  /** Keeps it in touch with the run until the signal, so that it judges. Never rejects. */
  attend(): Promise<void>;
}

/** What a run says of itself to its gatekeeper. */
export interface CosignedRun {
  readonly run: string;
  readonly plan: Plan;
  /** The gatekeeper's newest process, once the journal shows that the run is open. */
  readonly newest: () => GatekeeperState | undefined;
  readonly openWait: () => GatekeeperWait;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Makes the way to the gatekeeper of a run. */
export type CosignerOf = (run: CosignedRun) => RunCosigner;

/**
 * The part of its window in which a signature of a batch is waited for; then another batch is made. One that is signed at
 * the end of its window cannot happen any more, and the next would be signed only when it is over: at the end of its own.
 */
const PART_TO_SIGN = 0.5;

/** How a run reaches its gatekeeper. */
export interface GatekeeperWay {
  readonly account: AccountId;
  /** DER hex. */
  readonly publicKey: string;
  readonly open: (address: GatekeeperAddress) => Promise<OpenGatekeeper>;
  /** Hands over the plan. */
  readonly greet: (gatekeeper: OpenGatekeeper, run: string, plan: Plan) => Promise<void>;
}

/** Public key of a gatekeeper's account, DER hex. @throws GatepostError NOT_FOUND when it has no single key. */
export async function gatekeeperKey(connection: Connection, account: AccountId): Promise<string> {
  const key = publicKeyFromMirror(await accountKeyOnMirror(connection, account));
  if (key === undefined) throw new GatepostError('NOT_FOUND', `account ${account} has no single key`, { account });
  return key.toStringDer();
}

/** The gatekeeper of an account, over gRPC. @throws GatepostError NOT_FOUND when its account has no single key. */
export async function remoteCosigner(
  connection: Connection,
  account: AccountId,
  insecureLoopback: boolean,
): Promise<CosignerOf> {
  const publicKey = await gatekeeperKey(connection, account);
  const open = (address: GatekeeperAddress) => openGatekeeper(connection, address, insecureLoopback);
  return cosignerBy({ account, publicKey, open, greet: handOverPlan });
}

/** A gatekeeper as runs use it, whatever the way to it. */
export const cosignerBy =
  ({ account, publicKey, open, greet }: GatekeeperWay): CosignerOf =>
  ({ run, plan, newest, openWait, clock, signal }) => {
    const where = () => addressOf(account, newest());
    const parts = { where, open, openWait, clock, signal };
    const link = new GatekeeperLink({ ...parts, greet: (gatekeeper) => greet(gatekeeper, run, plan) });
    const cosign = ({ inner, outer }: UnsignedBatch): Promise<Cosignature> => {
      const { id, validSeconds, node, maxFeeTinybar } = outer;
      const startMs = msFromNanos(parseNanos(id.split('@')[1] ?? ''));
      const fields = { transactionId: id, validSeconds, nodeAccountId: node, maxFeeTinybar };
      const request = { run, inner: inner.map((bytes) => Buffer.from(bytes)), outer: fields };
      return link.cosign(request, startMs + validSeconds * 1_000 * PART_TO_SIGN);
    };
    return { account, publicKey, cosign, attend: () => link.attend() };
  };

function addressOf(account: AccountId, newest: GatekeeperState | undefined): GatekeeperAddress | undefined {
  if (newest === undefined || newest.life === 'offline') return undefined;
  const { session, address, certSha256 } = newest;
  return { account, session, address, certSha256 };
}
