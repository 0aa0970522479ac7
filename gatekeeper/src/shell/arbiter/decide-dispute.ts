import { disputedPayment, writeRecord } from '@gatepost/party/run/ask-arbiter';
import { type NamedRun, openRun } from '@gatepost/party/run/open-run';
import { type Attempt, attemptKeyOf } from '@gatepost/rules/run/attempt';
import { DISPUTE_QUIET, type Dispute } from '@gatepost/rules/run/dispute';
import type { RunState } from '@gatepost/rules/run/run-state';
import { pause, waitingClock } from '@gatepost/shared/clock';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { disputePaymentProblem, releaseDisputePayment } from '@gatepost/shared/hedera/dispute-payment';
import { hederaLedger } from '@gatepost/shared/hedera/hedera-ledger';
import { rejectionStatus } from '@gatepost/shared/hedera/transaction';
import type { Logger } from '@gatepost/shared/log';
import { clipReason } from '@gatepost/shared/records/codec';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { formatTime, msFromNanos, NANOS_PER_SECOND, parseNanos } from '@gatepost/shared/vocabulary/time';

/** What the arbiter wants decided. */
export interface WantedDecision {
  readonly task: string;
  readonly pay: boolean;
  readonly reason: string;
}

/** What was decided on. */
export interface DecidedDispute {
  readonly attempt: number;
  readonly agent: AccountId;
  readonly price: bigint;
}

type Disputed = Attempt & { readonly dispute: Dispute };

const isDisputed = (attempt: Attempt): attempt is Disputed => attempt.dispute !== undefined;

/** Beyond the quiet time, since the decision's own time has to lie behind it. */
const MARGIN_MS = 1_000;
const LOOK_MS = 500;
/** How often the mirror is looked at for what was written a moment ago. */
const LOOKS = 60;

/**
 * Decides a dispute: writes the decision, reads it back, and signs the payment only when it has its effect on the journal, so
 * that nothing else pays the attempt. Done again after it broke off, it goes on.
 * @throws GatepostError USAGE when there is nothing to decide or the payment cannot be; MIRROR_UNREACHABLE, LEDGER_REJECTED
 */
export async function decideDispute(
  connection: Connection,
  named: NamedRun,
  { task, pay, reason }: WantedDecision,
  log: Logger,
): Promise<DecidedDispute> {
  const ledger = hederaLedger(connection, log);
  const look = () => openRun(ledger, named, log);
  let state = await look();
  let attempt = disputedIn(state, connection.account, task);
  const { decision, at, schedule } = attempt.dispute;
  if (decision !== undefined && decision.pay !== pay) {
    throw new GatepostError(
      'USAGE',
      `it was decided to ${decision.pay ? 'pay it' : 'refuse it'}; that is the last word`,
    );
  }
  if (decision === undefined) {
    if (pay) await checkPayment(connection, state, attempt);
    await quietAfter(msFromNanos(at + DISPUTE_QUIET) + MARGIN_MS, () => ledger.mirrorTime(), log);
    const record = { type: 'decision' as const, task, attempt: attempt.number, pay, reason: clipReason(reason) };
    await writeRecord(ledger, state.context, record);
    for (let looks = 0; looks < LOOKS && isOpen(attempt); looks += 1) {
      await pause(waitingClock, LOOK_MS);
      state = await look();
      attempt = disputedIn(state, connection.account, task);
    }
  }
  if (attempt.dispute.decision === undefined) {
    const why =
      attempt.payment === undefined ? 'the mirror does not show that it has an effect' : 'it was paid meanwhile';
    throw new GatepostError('USAGE', `nothing was signed: ${why}; look at it with: arbiter show ${task}`, { schedule });
  }
  if (pay) await release(connection, state, attempt);
  const { number, agent, price } = attempt;
  return { attempt: number, agent, price };
}

const isOpen = ({ dispute, payment }: Disputed): boolean => dispute.decision === undefined && payment === undefined;

/** The newest attempt of a task that this arbiter was asked about. @throws GatepostError USAGE */
function disputedIn({ context, tasks }: RunState, account: AccountId, task: string): Disputed {
  const { run, arbiter } = context;
  if (arbiter !== account) {
    throw new GatepostError('USAGE', `the arbiter of run ${run} is ${arbiter ?? 'nobody'}, not ${account}`);
  }
  const found = tasks.get(task)?.attempts.filter(isDisputed).at(-1);
  if (found !== undefined) return found;
  throw new GatepostError('USAGE', `run ${run} has no dispute of ${task} to decide on`);
}

/** Whatever was signed without knowing of the dispute is on the journal by then, or never will be. */
async function quietAfter(untilMs: number, mirrorTime: () => Promise<bigint>, log: Logger): Promise<void> {
  const timeMs = async () => Math.max(waitingClock.nowMs(), msFromNanos(await mirrorTime()));
  if ((await timeMs()) > untilMs) return;
  log.info(`waiting until ${formatTime(untilMs)}: what was signed before the dispute may still happen`);
  while ((await timeMs()) <= untilMs) await pause(waitingClock, LOOK_MS);
}

/** @throws GatepostError USAGE when the network would not carry the payment out. */
async function checkPayment(connection: Connection, { context }: RunState, attempt: Disputed): Promise<void> {
  const { mirror } = connection;
  const payment = disputedPayment(context, attempt);
  const { escrow, token, to, amount } = payment;
  const shown = await mirror.schedule(attempt.dispute.schedule);
  const now = (await mirror.now()) / NANOS_PER_SECOND;
  const [held = 0n, holding] = [await mirror.tokenBalance(escrow, token), await mirror.holding(to, token)];
  const problem =
    disputePaymentProblem(shown, payment, { by: attempt.dispute.by, now }) ??
    (held < amount ? `the escrow ${escrow} holds ${held}` : undefined) ??
    (holding === undefined ? `${to} is not associated with ${token}` : undefined);
  if (problem === undefined) return;
  const { schedule } = attempt.dispute;
  throw new GatepostError('USAGE', `the schedule ${schedule} of ${attemptKeyOf(attempt)} cannot pay: ${problem}`);
}

/** Statuses of a signature that is there already. */
const IS_SIGNED: ReadonlySet<string> = new Set(['SCHEDULE_ALREADY_EXECUTED', 'NO_NEW_VALID_SIGNATURES']);

/** @throws GatepostError LEDGER_REJECTED when the network carried it out in vain. */
async function release(connection: Connection, state: RunState, attempt: Disputed): Promise<void> {
  const { mirror } = connection;
  const { schedule } = attempt.dispute;
  if ((await mirror.schedule(schedule)).executed_timestamp === null) {
    await checkPayment(connection, state, attempt);
    try {
      await releaseDisputePayment(connection, schedule);
    } catch (thrown) {
      if (!IS_SIGNED.has(rejectionStatus(thrown) ?? '')) throw thrown;
    }
  }
  for (let looks = 0; looks < LOOKS; looks += 1) {
    const { executed_timestamp: at } = await mirror.schedule(schedule);
    const result = at === null ? undefined : (await mirror.transactionAt(parseNanos(at)))?.result;
    if (result === 'SUCCESS') return;
    if (result !== undefined) {
      throw new GatepostError('LEDGER_REJECTED', `the network could not pay by ${schedule}: ${result}`, {
        status: result,
      });
    }
    await pause(waitingClock, LOOK_MS);
  }
  throw new GatepostError('OUTCOME_UNKNOWN', `the mirror does not show that ${schedule} has paid; decide again to see`);
}
