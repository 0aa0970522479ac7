import type { OutputSource } from '@gatepost/party/agents/output-source';
import type { ArtifactStore } from '@gatepost/party/artifacts/artifact-store';
import type { AutomaticGates } from '@gatepost/party/gates/automatic-gates';
import { Judging } from '@gatepost/party/gates/judging';
import { LedgerFeed } from '@gatepost/party/ledger/ledger-feed';
import { RecordWriter } from '@gatepost/party/ledger/record-writer';
import { Outputs } from '@gatepost/party/outputs/outputs';
import { WorkOrders } from '@gatepost/party/outputs/work-orders';
import { reduce } from '@gatepost/rules/fold/reduce';
import { judgingSteps } from '@gatepost/rules/judging/judging';
import { taskNamesOf } from '@gatepost/rules/plan/task-numbers';
import { type Attempt, attemptKeyOf, isOpen, keyOf } from '@gatepost/rules/run/attempt';
import type { GateOutcome } from '@gatepost/rules/run/gate-outcome';
import { findOrReview } from '@gatepost/rules/run/review-id';
import { emptyState, type RunContext, type RunState } from '@gatepost/rules/run/run-state';
import { FAILURE_GATE } from '@gatepost/rules/run/verdict-gates';
import { type Clock, pause } from '@gatepost/shared/clock';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import type { Logger } from '@gatepost/shared/log';
import { clipReason } from '@gatepost/shared/records/codec';
import type { TaskNames } from '@gatepost/shared/records/task-names';
import { stopController } from '@gatepost/shared/stop-controller';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { TransactionId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';
import { askedBatch, type RawBatch } from '../../core/asked-batch.js';
import type { Answer, Cosigning } from '../../core/cosigning.js';
import { wordOf } from '../../core/session-words.js';
import type { Sessions } from '../../core/sessions.js';
import { MemoryOutputs } from './memory-outputs.js';

export interface RunKeeperParts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly context: RunContext;
  readonly sessions: Sessions;
  readonly cosigning: Cosigning;
  /** The ways to the daemons that hold outputs, given the agents as the fold has them. */
  readonly agents: (state: RunState) => OutputSource & { close(): void };
  readonly gates: AutomaticGates;
  /** Has accepted outputs that their agents have no more. */
  readonly artifacts?: Pick<ArtifactStore, 'get'> | undefined;
  /** How long an output may be out of reach. */
  readonly outputWaitMs: number;
  /** Pause between two looks at the mirror while nothing is asked. */
  readonly pollMs: number;
  /** Told of each verdict that is on the ledger. */
  readonly judged?: (accepted: boolean) => void;
  readonly log: Logger;
}

/** Pause after a look at the mirror that failed. */
const AGAIN_MS = 1_000;

/** One run as the gatekeeper keeps it: its own fold, the judging of results, and the word on batches. */
export class RunKeeper {
  readonly state: RunState;
  readonly #feed: LedgerFeed;
  readonly #names: TaskNames;
  readonly #agents: ReturnType<RunKeeperParts['agents']>;
  readonly #judging: Judging;
  readonly #writer: RecordWriter;
  readonly #stop = stopController();
  /** What the automatic gates said, by attempt. */
  readonly #gated = new Map<string, GateOutcome>();
  /** Attempts that are being judged, and those whose verdict is on its way. */
  readonly #busy = new Set<string>();
  readonly #written = new Set<string>();
  #readUntil: Nanos = 0n;
  #reading: Promise<void> = Promise.resolve();
  #hasNews = false;
  #wake: () => void = () => undefined;

  constructor(private readonly parts: RunKeeperParts) {
    const { ledger, clock, context, gates, outputWaitMs, log } = parts;
    const { signal } = this.#stop;
    this.state = emptyState(context);
    this.#feed = new LedgerFeed(ledger, context.journal, context.agents, log, context.coordinator);
    this.#names = taskNamesOf(context.plan);
    this.#feed.nameTasks(this.#names);
    this.#agents = parts.agents(this.state);
    const outputs = new Outputs(new MemoryOutputs(), this.#agents, parts.artifacts);
    const orders = new WorkOrders(this.state, outputs);
    this.#judging = new Judging(outputs, orders, gates, outputWaitMs, clock, signal);
    const openWait = () => ({
      note: (what: string) => log.info(`waiting for the network ${what}`),
      end: () => undefined,
    });
    this.#writer = new RecordWriter(ledger, clock, openWait, this.#names, signal);
  }

  /** Follows the run and judges its results until it is closed. Never rejects. */
  async run(): Promise<void> {
    const { clock, log, pollMs } = this.parts;
    const { signal } = this.#stop;
    while (!signal.aborted && this.state.closed === undefined && !this.parts.sessions.isReplaced) {
      try {
        this.#hasNews = false;
        await this.look();
        this.#judge();
      } catch (thrown) {
        const { code, message } = toGatepostError(thrown, 'MIRROR_UNREACHABLE');
        log.warn({ code }, `${message}; trying again`);
        await pause(clock, AGAIN_MS, signal);
        continue;
      }
      if (!this.#hasNews) await this.#pause(pollMs);
    }
  }

  /** The journal has brought something. */
  wake(): void {
    this.#hasNews = true;
    this.#wake();
  }

  /** Ends early when the journal brings something. */
  async #pause(ms: number): Promise<void> {
    const over = new AbortController();
    const end = () => over.abort();
    this.#wake = end;
    this.#stop.signal.addEventListener('abort', end, { once: true });
    await pause(this.parts.clock, ms, over.signal);
    this.#stop.signal.removeEventListener('abort', end);
  }

  /**
   * Folds everything that the mirror shows by now; looks that are asked for together are one after the other.
   * @throws GatepostError MIRROR_UNREACHABLE
   */
  look(): Promise<void> {
    const next = this.#reading.then(
      () => this.#read(),
      () => this.#read(),
    );
    this.#reading = next;
    return next;
  }

  async #read(): Promise<void> {
    const { ledger, sessions, log } = this.parts;
    // The clock is read first: what is absent from what is read after it was not there.
    const until = await ledger.mirrorTime();
    for (const entry of await this.#feed.read(this.state.inboxes.keys(), { by: 'rest' })) {
      const word = wordOf(entry);
      if (word !== undefined) sessions.note(word);
      reduce(this.state, entry, (change) => {
        if (change.event === 'ignored') log.debug(change.reason);
      });
      const { record } = entry;
      if (record.type !== 'verdict' || entry.run !== this.state.context.run) continue;
      const key = keyOf(record.task, record.attempt);
      this.#written.delete(key);
      this.#gated.delete(key);
    }
    this.#readUntil = until;
  }

  /** Has due results judged, and writes the verdicts that follow. */
  #judge(): void {
    if (!this.state.opened || this.parts.sessions.isReplaced) return;
    const judged = {
      automatic: (attempt: Attempt) => this.#gated.get(attemptKeyOf(attempt)),
      underWay: (attempt: Attempt) => this.#written.has(attemptKeyOf(attempt)),
    };
    for (const step of judgingSteps(this.state, judged)) {
      if (step.step === 'judge') void this.#ask(step.attempt);
      // Reviews are assigned by the coordinator, which also gives up what agents themselves call failed.
      if (step.step === 'verdict' && step.says.gate !== FAILURE_GATE) void this.#write(step.attempt, step.says);
    }
  }

  async #ask(attempt: Attempt): Promise<void> {
    const key = attemptKeyOf(attempt);
    const task = findOrReview(this.state, attempt.task);
    if (this.#busy.has(key) || task === undefined) return;
    this.#busy.add(key);
    try {
      const outcome = await this.#judging.judge(task, attempt);
      if (!this.#stop.signal.aborted) this.#gated.set(key, outcome);
    } finally {
      this.#busy.delete(key);
      this.#wake();
    }
  }

  async #write(attempt: Attempt, { accepted, gate, reason }: GateOutcome): Promise<void> {
    const key = attemptKeyOf(attempt);
    if (this.#written.has(key) || !isOpen(attempt)) return;
    this.#written.add(key);
    const { log, context } = this.parts;
    const { task, number } = attempt;
    const record = { type: 'verdict' as const, task, attempt: number, accepted, gate, reason: clipReason(reason) };
    try {
      const outcome = await this.#writer.write(context.journal, context.run, record);
      if (outcome.kind === 'done') {
        log.info({ attempt: key, accepted, gate, reason }, 'verdict');
        this.parts.judged?.(accepted);
        // What is not on the ledger is written again; what is comes back with the fold.
      } else this.#written.delete(key);
    } catch (thrown) {
      this.#written.delete(key);
      log.error({ attempt: key }, toGatepostError(thrown).message);
    }
  }

  /** The word on a batch, by everything that the mirror shows now. @throws GatepostError MIRROR_UNREACHABLE */
  async cosign(raw: RawBatch): Promise<Answer> {
    const { cosigning } = this.parts;
    const batch = askedBatch(raw, this.#names);
    if ('objection' in batch) return { kind: 'refuse', reason: batch.objection };
    await this.look();
    const answer = cosigning.ask(this.state, batch, this.#readUntil);
    if (answer.kind !== 'wait') return answer;
    // What was signed before may have come to nothing.
    await this.#lookAtLiving();
    return cosigning.ask(this.state, batch, this.#readUntil);
  }

  async #lookAtLiving(): Promise<void> {
    const { cosigning, ledger } = this.parts;
    await Promise.all(
      [...cosigning.livingIds()].map(async (id: TransactionId) => {
        const result = await ledger.resultOf(id);
        if (result !== undefined) cosigning.cameTo(id, result);
      }),
    );
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake();
    this.#agents.close();
    await this.parts.gates.close();
  }
}
