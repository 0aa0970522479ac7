import type { Limits } from '@gatepost/coordinator/core/decide/limits';
import type { CosignerOf } from '@gatepost/coordinator/shell/gatekeeper/remote-cosigner';
import { CoordinatorIdentity, type EpochHolder } from '@gatepost/coordinator/shell/ledger/identity';
import { Coordination } from '@gatepost/coordinator/shell/run/coordination';
import type { LoopEnd } from '@gatepost/coordinator/shell/run/run-desk';
import type { AutomaticGates } from '@gatepost/party/gates/automatic-gates';
import type { Gate, Plan } from '@gatepost/rules/plan/plan';
import type { Change } from '@gatepost/rules/run/change';
import { chooseRun } from '@gatepost/rules/run/journal-index';
import type { RunState } from '@gatepost/rules/run/run-state';
import { nameOfGates } from '@gatepost/rules/run/verdict-gates';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import type { RecordOf } from '@gatepost/shared/records/schema';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId, TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';
import type { SimulatedKeeper } from './disk.js';
import type { Events } from './events.js';
import { OrderedFeed } from './ordered-feed.js';
import { RIGHT } from './plans.js';
import type { ProcessClock } from './process-clock.js';
import { SimulatedFleet, type Wire } from './wire.js';

/** The mirror's lag that a coordinator which takes over allows for, as the command does. */
const FENCE_LAG_MS = 60_000;
const POLL_MS = 250;

/** A process of the coordinator that names itself by its number: nothing of this host, nothing by chance. */
class SimulatedIdentity extends CoordinatorIdentity {
  override readonly instance: string;

  constructor(
    epoch: number,
    readonly number: number,
    private readonly isAlive: (number: number) => boolean,
    suffix = '',
  ) {
    super(epoch);
    this.instance = `process-${number}${suffix}`;
  }

  override record(state: 'begun' | 'ended'): RecordOf<'epoch'> {
    const { epoch, instance, number } = this;
    return { type: 'epoch', epoch, instance, host: 'simulated', pid: number, state };
  }

  override after({ epoch, pid, ended }: EpochHolder): SimulatedIdentity | undefined {
    const mayAct = !ended && pid !== this.number && this.isAlive(pid);
    return mayAct ? undefined : new SimulatedIdentity(epoch + 1, this.number, this.isAlive, `.${epoch + 1}`);
  }
}

/** What one process of the coordinator works with. */
export interface CoordinatorParts {
  readonly number: number;
  /** Of all runs, and whether each was asked for by now. */
  readonly plans: readonly Plan[];
  readonly isAsked: (plan: Plan) => boolean;
  readonly journal: TopicId;
  readonly token: TokenId;
  readonly agents: ReadonlySet<AccountId>;
  readonly limits: Limits;
  /** Most attempts that agents may work on in all runs together. */
  readonly mostOpen: number;
  /** Another process may still act. */
  readonly takeOver: boolean;
  /** Whether the process of a number still runs, as far as this one can know. */
  readonly isAlive: (number: number) => boolean;
  readonly ledger: Ledger;
  readonly clock: ProcessClock;
  readonly keeper: SimulatedKeeper;
  readonly wires: ReadonlyMap<AccountId, Wire>;
  /** Who judges and signs, where the coordinator does not. */
  readonly mode:
    | { readonly gatekeeper: AccountId; readonly escrow: AccountId; readonly cosigner: CosignerOf }
    | undefined;
  readonly events: Events;
  /** Told of the end of each run, before the process ends itself. */
  readonly ended: (plan: Plan, end: LoopEnd | GatepostError) => void;
  /** Told of what must not be. */
  readonly defect: (what: string) => void;
}

/** The gates of simulated plans: a schema stands for all that look at an output. */
export const judgeSimulated: AutomaticGates['run'] = async (gates, { output }) => {
  const looks = gates.some(({ kind }: Gate) => kind === 'schema');
  if (!looks || (typeof output === 'string' && output.startsWith(RIGHT))) {
    return { accepted: true, gate: nameOfGates(gates), reason: 'accepted' };
  }
  return { accepted: false, gate: 'schema', reason: 'it is wrong' };
};

/** A process of the coordinator: the real classes, from reading the journal to the end of its runs. */
export class Coordinator {
  readonly name: string;
  /** The folds of its runs, by plan. */
  readonly states = new Map<Plan, RunState>();
  readonly #coordination: Coordination;
  readonly #over = new AbortController();
  #isReady = false;
  #working = 0;
  #failure: GatepostError | undefined;
  #isUnpayable = false;

  constructor(readonly parts: CoordinatorParts) {
    this.name = `coordinator ${parts.number}`;
    const { journal, token, agents, ledger, clock, takeOver, wires, events } = parts;
    const { gatekeeper, escrow } = parts.mode ?? {};
    const log = events.logger(this.name);
    const feed = new OrderedFeed(ledger, journal, agents, log, ledger.account);
    feed.onDisorder = ({ topic, sequence, at }, after) =>
      parts.defect(`${this.name} was given ${topic} ${sequence} of ${at} after what came at ${after}`);
    const quarantineMs = parts.limits.quarantineMs + (takeOver ? FENCE_LAG_MS : 0);
    this.#coordination = new Coordination(
      {
        ledger,
        clock,
        fleet: (handlers) => new SimulatedFleet(wires, clock, handlers, events),
        tell: () => undefined,
        log,
      },
      {
        limits: { ...parts.limits, quarantineMs },
        inboxPollMs: POLL_MS,
        restPauseMs: 0,
        fillMs: 0,
        mostOpen: parts.mostOpen,
        staysOpen: true,
      },
      feed,
      { coordinator: ledger.account, journal, token, agents, gatekeeper, escrow },
    );
  }

  /**
   * Works on its runs until all are over, or another process takes over.
   * @throws GatepostError as `runPlan` does.
   */
  async run(): Promise<LoopEnd> {
    const { plans, isAsked, events, number, isAlive } = this.parts;
    const { epoch, runs } = await this.#coordination.lookAhead();
    const identity = new SimulatedIdentity((epoch?.epoch ?? 0) + 1, number, isAlive);
    const index = { epoch, runs };
    const chosen = plans.filter(isAsked).map((plan) => ({ plan, run: chooseRun(index, plan.digest, false) }));
    // What is closed was folded to its end by another process, which told it.
    const open = chosen.filter(({ run }) => run.state !== 'closed');
    for (const { plan } of chosen.filter(({ run }) => run.state === 'closed')) this.parts.ended(plan, 'closed');
    if (open.some(({ run }) => run.state === 'resumed')) events.mark('a run was resumed');
    for (const { plan, run } of open) this.#join(plan, run.run);
    await this.#coordination.catchUp();
    this.#isReady = true;
    // What was asked for meanwhile comes with what was asked for before.
    for (const plan of plans.filter(isAsked)) if (!this.states.has(plan)) this.#open(plan);
    for (const plan of this.states.keys()) this.#work(plan);
    if (this.#working === 0) return 'closed';
    try {
      const end = await this.#coordination.run(identity, this.#over.signal);
      if (end === 'fenced') return end;
    } finally {
      this.#coordination.close();
    }
    if (this.#failure !== undefined) throw this.#failure;
    return this.#isUnpayable ? 'unpayable' : 'closed';
  }

  /** A run more is asked for while the process is at work, or one that ended is to be gone on with. */
  add(plan: Plan): void {
    if (!this.#isReady || this.#over.signal.aborted || !this.#open(plan)) return;
    this.#work(plan);
    this.parts.events.mark('a run was opened beside another');
  }

  /** Reads the run of a plan, unless it is closed. */
  #open(plan: Plan): boolean {
    const known = [...this.#coordination.index.runs.values()].find((run) => run.plan === plan.digest);
    if (known?.closed !== undefined) {
      this.parts.ended(plan, 'closed');
      return false;
    }
    this.#join(plan, `${plan.digest.slice(0, 12)}-1`);
    return true;
  }

  #join(plan: Plan, run: string): void {
    const { journal, token, agents, ledger, mode } = this.parts;
    const { gatekeeper, escrow } = mode ?? {};
    const about = { coordinator: ledger.account, journal, token, agents, gatekeeper, escrow };
    this.states.set(plan, this.#coordination.join({ run, plan, ...about }));
  }

  #work(plan: Plan): void {
    const { limits, takeOver, events, ledger, keeper, mode } = this.parts;
    const state = this.states.get(plan);
    if (state === undefined) return;
    const ports = {
      ledger,
      fleet: this.#coordination.fleet,
      store: keeper,
      gates: { run: judgeSimulated, close: async () => undefined },
      cosigner: mode?.cosigner,
      fees: { usd: 0, follow: () => undefined },
      change: (change: Change) => this.#noteChange(change),
      progress: () => undefined,
      said: () => undefined,
      used: () => false,
      waiting: ({ whom, what }: { readonly whom: string; readonly what: string }) =>
        events.note(this.name, `waits for ${whom} ${what}`),
      around: (_command: unknown, work: () => Promise<void>) => work(),
      log: events.logger(this.name),
    };
    const quarantineMs = limits.quarantineMs + (takeOver ? FENCE_LAG_MS : 0);
    const at = this.parts.plans.indexOf(plan);
    const share = { ordinal: at, weight: 1 + (at % 2), mostOpen: Infinity };
    const work = this.#coordination.work(state, ports, { limits: { ...limits, quarantineMs }, share });
    this.#working += 1;
    if (this.#working > 1) events.mark('two runs were open at once');
    work.ended.then(
      (end) => this.#ended(plan, end),
      (thrown: unknown) => this.#ended(plan, toGatepostError(thrown)),
    );
    work.ended.then(() => work.close()).catch(() => work.close());
  }

  #ended(plan: Plan, end: LoopEnd | GatepostError): void {
    this.#working -= 1;
    if (end instanceof GatepostError) this.#failure ??= end;
    if (end === 'unpayable') this.#isUnpayable = true;
    this.parts.ended(plan, end);
    if (this.#working === 0) this.#over.abort();
  }

  #noteChange(change: Change): void {
    const { events } = this.parts;
    if (change.event === 'ignored' && change.reason.startsWith('assign by ')) {
      events.mark('an assignment had no effect');
    }
    if (change.event === 'ignored' && change.reason.includes(': announcement of an inbox')) {
      events.mark('an agent announced an inbox of another');
    }
    if (change.event === 'rejected' && change.gate === 'schema') events.mark('an output was rejected');
    if (change.event === 'verdict' && change.gate === 'quorum') events.mark('a quorum agreed');
    if (change.event === 'rejected' && change.gate === 'deadline') events.mark('a deadline passed');
    events.note(
      this.name,
      JSON.stringify(change, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
    );
  }
}
