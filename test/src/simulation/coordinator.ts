import type { Limits } from '@gatepost/coordinator/core/decide/limits';
import type { CosignerOf } from '@gatepost/coordinator/shell/gatekeeper/remote-cosigner';
import { CoordinatorIdentity, type EpochHolder } from '@gatepost/coordinator/shell/ledger/identity';
import type { LoopEnd } from '@gatepost/coordinator/shell/run/run-loop';
import { RunWork } from '@gatepost/coordinator/shell/run/run-work';
import type { AutomaticGates } from '@gatepost/party/gates/automatic-gates';
import { indexJournal, replay } from '@gatepost/party/ledger/journal-replay';
import type { Gate, Plan } from '@gatepost/rules/plan/plan';
import { taskNamesOf } from '@gatepost/rules/plan/task-numbers';
import type { Change } from '@gatepost/rules/run/change';
import { chooseRun } from '@gatepost/rules/run/journal-index';
import { emptyState, type RunState } from '@gatepost/rules/run/run-state';
import { nameOfGates } from '@gatepost/rules/run/verdict-gates';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import type { RecordOf } from '@gatepost/shared/records/schema';
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
  readonly plan: Plan;
  readonly journal: TopicId;
  readonly token: TokenId;
  readonly agents: ReadonlySet<AccountId>;
  readonly limits: Limits;
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

/** A process of the coordinator: the real classes, from reading the journal to the loop's end. */
export class Coordinator {
  readonly name: string;
  state: RunState | undefined;

  constructor(readonly parts: CoordinatorParts) {
    this.name = `coordinator ${parts.number}`;
  }

  /** @throws GatepostError as `runPlan` does. */
  async run(): Promise<LoopEnd> {
    const { number, plan, journal, token, agents, ledger, clock, keeper, takeOver, isAlive, wires, events } =
      this.parts;
    const { gatekeeper, escrow, cosigner } = this.parts.mode ?? {};
    const log = events.logger(this.name);
    const feed = new OrderedFeed(ledger, journal, agents, log, true);
    feed.onDisorder = ({ topic, sequence, at }, after) =>
      this.parts.defect(`${this.name} was given ${topic} ${sequence} of ${at} after what came at ${after}`);
    feed.nameTasks(taskNamesOf(plan));
    const index = await indexJournal(feed, ledger.account);
    const chosen = chooseRun(index, plan.digest, false);
    const { epoch } = index;
    const identity = new SimulatedIdentity((epoch?.epoch ?? 0) + 1, number, isAlive);
    if (chosen.state === 'resumed') events.mark('a run was resumed');
    const mode = { gatekeeper, escrow };
    const state = emptyState({ run: chosen.run, plan, coordinator: ledger.account, journal, token, agents, ...mode });
    await replay(feed, state, log);
    this.state = state;
    if (chosen.state === 'closed') return 'closed';
    const { limits } = this.parts;
    const ports = {
      ledger,
      clock,
      fleet: (handlers: ConstructorParameters<typeof SimulatedFleet>[2]) =>
        new SimulatedFleet(wires, clock, handlers, events),
      store: keeper,
      gates: { run: judgeSimulated, close: async () => undefined },
      cosigner,
      fees: { usd: 0, follow: () => undefined },
      tell: () => undefined,
      change: (change: Change) => this.#noteChange(change),
      progress: () => undefined,
      said: () => undefined,
      used: () => false,
      waiting: ({ whom, what }: { readonly whom: string; readonly what: string }) =>
        events.note(this.name, `waits for ${whom} ${what}`),
      around: (_command: unknown, work: () => Promise<void>) => work(),
      log,
    };
    const quarantineMs = limits.quarantineMs + (takeOver ? FENCE_LAG_MS : 0);
    const settings = { limits: { ...limits, quarantineMs }, inboxPollMs: POLL_MS, restPauseMs: 0, fillMs: 0 };
    const work = new RunWork(ports, settings, state, feed);
    try {
      return await work.run(identity, new AbortController().signal);
    } finally {
      await work.close();
    }
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
