import { attemptKeyOf, keyOf } from '@gatepost/rules/run/attempt';
import { attemptAt } from '@gatepost/rules/run/attempt-numbers';
import { findOrReview } from '@gatepost/rules/run/review-id';
import type { RunState } from '@gatepost/rules/run/run-state';
import { stateDigest } from '@gatepost/rules/run/state-digest';
import type { TaskState } from '@gatepost/rules/run/task-state';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { rejectionStatus } from '@gatepost/shared/hedera/transaction';
import type { Logger } from '@gatepost/shared/log';
import { clipReason, fitsOneMessage } from '@gatepost/shared/records/codec';
import type { RecordOf } from '@gatepost/shared/records/schema';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { type Command, cancelKey } from '../../core/decide/command.js';
import type { GateOutcome } from '../../core/decide/observations.js';
import { workOrderBytes } from '../../core/work-order.js';
import type { Fleet } from '../agents/fleet.js';
import type { Judging } from '../gates/judging.js';
import type { Guards } from '../ledger/guards.js';
import type { CoordinatorIdentity } from '../ledger/identity.js';
import type { RecordWriter } from '../ledger/record-writer.js';
import type { Settler } from '../ledger/settler.js';
import type { OutputStore } from '../outputs/output-store.js';
import type { WorkOrders } from '../outputs/work-orders.js';
import { InFlightEffects } from './in-flight.js';

type CommandOf<K extends Command['kind']> = Extract<Command, { kind: K }>;

/** What effects work with. */
export interface EffectTools {
  readonly connection: Connection;
  readonly state: RunState;
  readonly identity: CoordinatorIdentity;
  readonly writer: RecordWriter;
  readonly settler: Settler;
  readonly fleet: Fleet;
  readonly orders: WorkOrders;
  readonly judging: Judging;
  readonly store: OutputStore;
  readonly guards: Guards;
  readonly log: Logger;
  /** Whether the journal shows by now that another coordinator took over. */
  readonly isFenced: () => Promise<boolean>;
  /** Something happened that may change what is to be done. */
  readonly wake: () => void;
}

/** Pause before an effect that certainly did not happen is asked for again. */
const RETRY_PAUSE_MS = 1_000;

/** Carries out commands, and keeps what they leave behind that is no record. */
export class Effects {
  readonly inFlight = new InFlightEffects();
  readonly gated = new Map<string, GateOutcome>();
  readonly inputTrouble = new Map<string, { sinceMs: number; reason: string }>();
  readonly unpayable = new Map<string, string>();
  /** Agents whose inbox refuses our assignments. */
  readonly refusing = new Map<AccountId, string>();
  /** Writes to inboxes that were not yet read back, by inbox. */
  readonly unseen = new Map<TopicId, Set<string>>();
  /** The first error nothing can be done about. */
  fatal: GatepostError | undefined;
  readonly #running = new Set<Promise<unknown>>();

  constructor(readonly tools: EffectTools) {}

  launch(command: Command): void {
    this.inFlight.launch(command);
    const work = this.#carryOut(command)
      .catch((thrown: unknown) => this.#failed(command, toGatepostError(thrown)))
      .finally(() => {
        this.#running.delete(work);
        this.tools.wake();
      });
    this.#running.add(work);
  }

  /** An attempt is decided: the ledger need not tell of its deadline any more. That of a paid one goes with its payment. */
  decided(task: string, attempt: number): void {
    const { verdict, price } = attemptAt(this.tools.state.tasks.get(task), attempt) ?? {};
    if (!this.tools.guards.guarded.has(task) || (verdict?.accepted === true && price !== 0n)) return;
    const work = this.tools.guards.disarm(task, attempt).finally(() => this.#running.delete(work));
    this.#running.add(work);
  }

  /** Waits for what is under way. */
  async idle(): Promise<void> {
    await Promise.all([...this.#running]);
  }

  #carryOut(command: Command): Promise<unknown> {
    const { identity, state, writer } = this.tools;
    const { journal, run } = state.context;
    switch (command.kind) {
      case 'open':
        return writer.write(journal, run, this.#runOpened());
      case 'assign':
        return this.#assign(command);
      case 'cancel':
        return this.#cancel(command);
      case 'judge':
        return this.#judge(command);
      case 'verdict':
        return this.#verdict(command);
      case 'settle':
        return this.#settle(command);
      case 'beacon':
        return writer.write(journal, undefined, identity.record('begun'));
      case 'close':
        return writer.write(journal, run, this.#runClosed(command));
      case 'stop':
        return Promise.resolve();
    }
  }

  #failed(command: Command, error: GatepostError): void {
    const { log } = this.tools;
    if (command.kind === 'assign' && rejectionStatus(error) !== undefined) {
      log.warn({ agent: command.agent, inbox: command.inbox }, `assignment refused: ${error.message}`);
      this.refusing.set(command.agent, `its inbox refuses assignments: ${error.message}`);
      this.#seen(command.inbox, command.key);
      this.inFlight.release(command);
    } else if (command.kind === 'cancel' && rejectionStatus(error) !== undefined) {
      // An agent that closed its inbox cannot be told there; its session was told, and nothing of it will be accepted.
      log.warn({ agent: command.agent, inbox: command.inbox }, `cancellation refused: ${error.message}`);
      this.#seen(command.inbox, command.key);
    } else if (error.code === 'LEDGER_UNREACHABLE' || command.kind === 'assign') {
      log.warn({ command: command.key, code: error.code }, `${error.message}; trying again`);
      setTimeout(() => {
        this.inFlight.release(command);
        this.tools.wake();
      }, RETRY_PAUSE_MS);
    } else {
      this.fatal ??= error;
    }
  }

  #runOpened(): RecordOf<'run_opened'> {
    const { plan, token } = this.tools.state.context;
    return { type: 'run_opened', plan_sha256: plan.digest, name: plan.name, tasks: plan.tasks.length, token };
  }

  #runClosed({ outcome }: CommandOf<'close'>): RecordOf<'run_closed'> {
    return { type: 'run_closed', outcome, state_sha256: stateDigest(this.tools.state) };
  }

  async #assign(command: CommandOf<'assign'>): Promise<void> {
    const { state, orders, store, writer } = this.tools;
    const task = this.#taskOf(command);
    let order: Awaited<ReturnType<WorkOrders['next']>>;
    try {
      order = await orders.next(task);
      if (this.tools.guards.guarded.has(command.task)) await this.tools.guards.arm(command);
      this.inputTrouble.delete(command.task);
    } catch (thrown) {
      const { code, message } = toGatepostError(thrown);
      const sinceMs = code === 'INVALID_PLAN' ? 0 : (this.inputTrouble.get(command.task)?.sinceMs ?? Date.now());
      this.inputTrouble.set(command.task, { sinceMs, reason: clipReason(message) });
      throw thrown;
    }
    const bytes = workOrderBytes(order);
    store.put(bytes);
    const record: RecordOf<'assign'> = {
      type: 'assign',
      task: command.task,
      attempt: command.attempt,
      task_type: task.spec.type,
      input_sha256: sha256(bytes),
      input_size: bytes.length,
      deadline_ms: command.deadlineMs,
      price: command.price.toString(),
      token: state.context.token,
    };
    const withInput = { ...record, input: order };
    const { run } = state.context;
    const sequence = await this.#toInbox(command, () =>
      writer.write(command.inbox, run, fitsOneMessage(run, [withInput]) ? withInput : record),
    );
    if (sequence !== undefined) await this.#dispatch(command, record, sequence, bytes);
  }

  /**
   * The agent is told at once, and need not wait for the mirror to show the assignment before it has the input. Never
   * rejects: the assignment stands, and what is not told now is told when it has been read back.
   */
  async #dispatch(
    { agent, inbox }: CommandOf<'assign'>,
    record: RecordOf<'assign'>,
    inboxSequence: number,
    input: Buffer,
  ): Promise<void> {
    const { task, attempt, input_sha256: inputSha256, task_type: taskType, deadline_ms: deadlineMs } = record;
    const ref = { run: this.tools.state.context.run, task, attempt };
    const work = { ref, inbox, inboxSequence, inputSha256, input, taskType, deadlineMs };
    try {
      await this.tools.fleet.link(agent)?.dispatch(work);
    } catch (thrown) {
      this.tools.log.debug({ agent, task, attempt }, `not dispatched yet: ${toGatepostError(thrown).message}`);
    }
  }

  #taskOf({ task: id }: CommandOf<'assign'>): TaskState {
    const task = findOrReview(this.tools.state, id);
    if (task === undefined) throw new GatepostError('INTERNAL', `no task ${id}`);
    return task;
  }

  async #cancel(command: CommandOf<'cancel'>): Promise<void> {
    const { state, writer, fleet } = this.tools;
    const { task, attempt, reason } = command;
    const { run } = state.context;
    fleet.link(command.agent)?.cancel({ run, task, attempt }, reason);
    await this.#toInbox(command, () =>
      writer.write(command.inbox, run, { type: 'cancel', task, attempt, reason: clipReason(reason) }),
    );
  }

  /** Remembers that something of ours may appear on an inbox, before it is sent. */
  async #toInbox<T>(command: CommandOf<'assign' | 'cancel'>, write: () => Promise<T>): Promise<T> {
    const unseen = this.unseen.get(command.inbox) ?? new Set();
    this.unseen.set(command.inbox, unseen.add(command.key));
    try {
      return await write();
    } catch (thrown) {
      if (toGatepostError(thrown).code !== 'OUTCOME_UNKNOWN') this.#seen(command.inbox, command.key);
      throw thrown;
    }
  }

  #seen(inbox: TopicId, key: string): void {
    const unseen = this.unseen.get(inbox);
    unseen?.delete(key);
    if (unseen?.size === 0) this.unseen.delete(inbox);
  }

  /** A record of ours was read back from an inbox. */
  readBack(inbox: TopicId, kind: 'assign' | 'cancel', task: string, attempt: number): void {
    this.#seen(inbox, kind === 'cancel' ? cancelKey(inbox, task, attempt) : `assign:${keyOf(task, attempt)}`);
  }

  async #judge(command: CommandOf<'judge'>): Promise<void> {
    const task = this.tools.state.tasks.get(command.task);
    const attempt = attemptAt(task, command.attempt);
    if (task === undefined || attempt === undefined) return;
    this.gated.set(attemptKeyOf(attempt), await this.tools.judging.judge(task, attempt));
    this.inFlight.release(command);
  }

  #verdict({ task, attempt, accepted, gate, reason }: CommandOf<'verdict'>): Promise<unknown> {
    const { journal, run } = this.tools.state.context;
    const record = { type: 'verdict' as const, task, attempt, accepted, gate, reason: clipReason(reason) };
    return this.tools.writer.write(journal, run, record);
  }

  async #settle(command: CommandOf<'settle'>): Promise<void> {
    // The loop will see it too and stop; nothing is signed in the meantime.
    if (await this.tools.isFenced()) return;
    const refused = await this.tools.settler.settle(command.payments);
    for (const { payment, reason } of refused) this.unpayable.set(keyOf(payment.task, payment.attempt), reason);
    if (refused.length > 0) this.inFlight.refused(refused.map(({ payment }) => payment));
  }
}
