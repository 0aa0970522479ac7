import { type WorkOrder, workOrderBytes } from '@gatepost/party/core/work-order';
import type { Judging } from '@gatepost/party/gates/judging';
import type { RecordWriter } from '@gatepost/party/ledger/record-writer';
import type { WorkOrders } from '@gatepost/party/outputs/work-orders';
import { taskNamesOf } from '@gatepost/rules/plan/task-numbers';
import { attemptKeyOf } from '@gatepost/rules/run/attempt';
import { attemptAt } from '@gatepost/rules/run/attempt-numbers';
import type { GateOutcome } from '@gatepost/rules/run/gate-outcome';
import { findOrReview } from '@gatepost/rules/run/review-id';
import { modeIn } from '@gatepost/rules/run/run-mode';
import type { RunState } from '@gatepost/rules/run/run-state';
import { stateDigest } from '@gatepost/rules/run/state-digest';
import type { TaskState } from '@gatepost/rules/run/task-state';
import type { Clock } from '@gatepost/shared/clock';
import type { Logger } from '@gatepost/shared/log';
import { clipReason } from '@gatepost/shared/records/codec';
import type { AnyRecord, RecordOf } from '@gatepost/shared/records/schema';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { TopicId } from '@gatepost/shared/vocabulary/ids';
import { type Outcome, PAYER_REFUSED } from '@gatepost/shared/vocabulary/outcome';
import { formatNanos } from '@gatepost/shared/vocabulary/time';
import { withInput } from '../../core/assign-record.js';
import type { AssignCommand, Command } from '../../core/decide/command.js';
import { type Became, InFlight } from '../../core/effects/in-flight.js';
import { verdictPatience } from '../../core/effects/verdict-patience.js';
import type { RunFleet } from '../agents/agent-fleet.js';
import type { Guards } from '../ledger/guards.js';
import type { Settler } from '../ledger/settler.js';
import type { OpenWait, Waits } from './waits.js';

/** Does what a command asks for, by calling `work` once, and rejects as that does. */
export type Around = (command: Command, work: () => Promise<void>) => Promise<void>;

type CommandOf<K extends Command['kind']> = Extract<Command, { kind: K }>;

/** What effects work with. */
export interface EffectParts {
  readonly state: RunState;
  readonly writer: RecordWriter;
  readonly settler: Settler;
  /** Has this process say again that it acts, so that the journal shows a later time. */
  readonly beacon: () => Promise<Outcome>;
  readonly fleet: RunFleet;
  readonly orders: WorkOrders;
  readonly judging: Judging;
  readonly guards: Guards;
  readonly waits: Waits;
  readonly clock: Clock;
  readonly log: Logger;
  /** Carries a command out; whoever watches may look on. */
  readonly around: Around;
  /** Something happened that may change what is to be done. */
  readonly wake: () => void;
}

/** Carries out commands and hands what became of them to the core. It decides nothing. */
export class Effects {
  readonly inFlight = new InFlight();
  /** What automatic gates said, by the key of the attempt. */
  readonly gated = new Map<string, GateOutcome>();
  readonly inputTrouble = new Map<string, { sinceMs: number; reason: string }>();
  /** Inputs that an agent was too small for, in bytes, by task. */
  readonly largeInputs = new Map<string, number>();
  /** The first error that is nobody's but this program's, or this host's. */
  fatal: GatepostError | undefined;
  readonly #running = new Set<Promise<unknown>>();
  /** Payments that never happened are asked for again; that may go on for long. */
  readonly #unpaid: OpenWait;

  constructor(readonly parts: EffectParts) {
    this.#unpaid = parts.waits.open('network');
  }

  launch(command: Command): void {
    this.inFlight.launched(command, this.parts.clock.nowMs());
    this.#track(this.parts.around(command, () => this.#carryOut(command)));
  }

  #track(work: Promise<unknown>): void {
    const tracked = work
      .catch((thrown: unknown) => {
        this.fatal ??= toGatepostError(thrown);
      })
      .finally(() => {
        this.#running.delete(tracked);
        this.parts.wake();
      });
    this.#running.add(tracked);
  }

  /** An attempt is decided: the ledger need not tell of its deadline any more. That of a paid one goes with its payment. */
  decided(task: string, attempt: number): void {
    const { verdict, price } = attemptAt(this.parts.state.tasks.get(task), attempt) ?? {};
    if (!this.parts.guards.guarded.has(task) || (verdict?.accepted === true && price !== 0n)) return;
    this.#track(this.parts.guards.disarm(task, attempt));
  }

  /** Waits for what is under way. */
  async idle(): Promise<void> {
    await Promise.all([...this.#running]);
  }

  async #carryOut(command: Command): Promise<void> {
    const { clock, settler } = this.parts;
    switch (command.kind) {
      case 'stop':
        return;
      case 'settle': {
        const paid = await settler.settle(command.payments);
        const never = paid.find(({ became }) => became.kind === 'never')?.became;
        if (never?.kind === 'never') this.#unpaid.note(`to take a payment, which did not happen so far: ${never.why}`);
        else this.#unpaid.end();
        this.inFlight.paid(paid, clock.nowMs());
        return;
      }
      case 'judge':
        return this.#judge(command);
      default: {
        const became = await this.#write(command);
        if (became.kind === 'never' || became.kind === 'refused') {
          this.parts.log.warn({ command: command.key, became: became.kind }, became.why);
        }
        this.inFlight.became(command, became, clock.nowMs());
      }
    }
  }

  async #write(command: Exclude<Command, { kind: 'stop' | 'settle' | 'judge' }>): Promise<Became> {
    const { journal, run } = this.parts.state.context;
    switch (command.kind) {
      case 'open':
        return this.#record(journal, run, this.#runOpened());
      case 'assign':
        return this.#assign(command);
      case 'cancel':
        return this.#cancel(command);
      case 'verdict':
        return this.#verdict(command);
      case 'beacon':
        return becameOf(await this.parts.beacon());
      case 'close':
        return this.#record(journal, run, this.#runClosed(command));
    }
  }

  async #record(topic: TopicId, run: string | undefined, record: AnyRecord, patienceMs = 0): Promise<Became> {
    return becameOf(await this.parts.writer.write(topic, run, record, patienceMs));
  }

  #runOpened(): RecordOf<'run_opened'> {
    const { plan, token } = this.parts.state.context;
    const about = { plan_sha256: plan.digest, name: plan.name, tasks: plan.tasks.length };
    return { type: 'run_opened', ...about, token, ...modeIn(this.parts.state.context) };
  }

  #runClosed({ outcome }: CommandOf<'close'>): RecordOf<'run_closed'> {
    // What a predecessor wrote may stand before this record and was not read yet.
    const { state } = this.parts;
    return { type: 'run_closed', outcome, state_sha256: stateDigest(state), until: formatNanos(state.at) };
  }

  async #assign(command: AssignCommand): Promise<Became> {
    const { state, guards, writer } = this.parts;
    const task = findOrReview(state, command.task);
    if (task === undefined) throw new GatepostError('INTERNAL', `no task ${command.task}`);
    const order = await this.#order(command, task);
    if ('kind' in order) return order;
    const bytes = workOrderBytes(order);
    const tooLarge = this.#tooLarge(command, bytes.length);
    if (tooLarge !== undefined) return tooLarge;
    if (guards.guarded.has(command.task)) {
      const guarded = await guards.arm(command);
      // A refusal is no fault of the agent's inbox.
      const isRefused = guarded.kind === 'refused' && !PAYER_REFUSED.has(guarded.why);
      if (guarded.kind !== 'done') return isRefused ? { ...guarded, kind: 'never' } : guarded;
    }
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
      judge: state.context.gatekeeper,
    };
    const { run, plan } = state.context;
    this.inFlight.writing(command);
    const written = withInput(run, record, order, taskNamesOf(plan));
    const outcome = await writer.write(command.inbox, run, written);
    const sequence = outcome.kind === 'done' ? outcome.receipt.topicSequenceNumber : undefined;
    if (sequence !== undefined) await this.#dispatch(command, written, sequence, bytes);
    return becameOf(outcome);
  }

  /** An input that the agent would refuse is not assigned to it; its size is noted, and another agent is looked for. */
  #tooLarge({ task, agent }: AssignCommand, bytes: number): Became | undefined {
    const most = this.parts.fleet.observations().get(agent)?.maxInputBytes ?? Infinity;
    if (bytes <= most) return undefined;
    this.largeInputs.set(task, bytes);
    return { kind: 'never', why: `the input of ${task} has ${bytes} bytes; ${agent} takes ${most}` };
  }

  /** The order of the next attempt; `never` when it cannot be put together now, which is noted. */
  async #order(command: AssignCommand, task: TaskState): Promise<WorkOrder | Became> {
    try {
      const order = await this.parts.orders.next(task);
      this.inputTrouble.delete(command.task);
      return order;
    } catch (thrown) {
      const { code, message } = toGatepostError(thrown);
      const known = this.inputTrouble.get(command.task)?.sinceMs ?? this.parts.clock.nowMs();
      // What is wrong with the plan will not get better by waiting.
      this.inputTrouble.set(command.task, {
        sinceMs: code === 'INVALID_PLAN' ? 0 : known,
        reason: clipReason(message),
      });
      return { kind: 'never', why: message };
    }
  }

  /**
   * The agent is told at once, and need not wait for the mirror to show the assignment before it has the input. Never
   * rejects: the assignment stands, and what is not told now is told when it has been read back.
   */
  async #dispatch(
    { agent, inbox }: AssignCommand,
    record: RecordOf<'assign'>,
    inboxSequence: number,
    input: Buffer,
  ): Promise<void> {
    const { task, attempt, input_sha256: inputSha256, task_type: taskType, deadline_ms: deadlineMs } = record;
    const ref = { run: this.parts.state.context.run, task, attempt };
    const isOnInbox = record.input !== undefined;
    const work = { ref, inbox, inboxSequence, inputSha256, input, taskType, deadlineMs, isOnInbox };
    try {
      await this.parts.fleet.link(agent)?.dispatch(work);
    } catch (thrown) {
      this.parts.log.debug({ agent, task, attempt }, `not dispatched yet: ${toGatepostError(thrown).message}`);
    }
  }

  async #cancel(command: CommandOf<'cancel'>): Promise<Became> {
    const { state, fleet } = this.parts;
    const { task, attempt, reason } = command;
    const { run } = state.context;
    fleet.link(command.agent)?.cancel({ run, task, attempt }, reason);
    this.inFlight.writing(command);
    return this.#record(command.inbox, run, { type: 'cancel', task, attempt, reason: clipReason(reason) });
  }

  async #judge({ task: id, attempt: number }: CommandOf<'judge'>): Promise<void> {
    const task = this.parts.state.tasks.get(id);
    const attempt = attemptAt(task, number);
    if (task === undefined || attempt === undefined) return;
    this.gated.set(attemptKeyOf(attempt), await this.parts.judging.judge(task, attempt));
    this.inFlight.judged(id, number);
  }

  #verdict(command: CommandOf<'verdict'>): Promise<Became> {
    const { task, attempt, accepted, gate, reason } = command;
    const { state } = this.parts;
    const { journal, run } = state.context;
    const record: AnyRecord = { type: 'verdict', task, attempt, accepted, gate, reason: clipReason(reason) };
    return this.#record(journal, run, record, verdictPatience(state, command));
  }
}

function becameOf(outcome: Outcome): Became {
  switch (outcome.kind) {
    case 'done':
      return { kind: 'done' };
    case 'refused':
      return { kind: 'refused', why: outcome.status };
    default:
      return { kind: outcome.kind, why: outcome.why };
  }
}
