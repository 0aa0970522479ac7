import type { OpenGatekeeper } from '@gatepost/coordinator/shell/gatekeeper/open-gatekeeper';
import { type CosignerOf, cosignerBy } from '@gatepost/coordinator/shell/gatekeeper/remote-cosigner';
import { askedBatch } from '@gatepost/gatekeeper/core/asked-batch';
import { Cosigning, MAX_VALID_SECONDS } from '@gatepost/gatekeeper/core/cosigning';
import { Sessions } from '@gatepost/gatekeeper/core/sessions';
import { RunKeeper } from '@gatepost/gatekeeper/shell/run/run-keeper';
import { watchSessions } from '@gatepost/gatekeeper/shell/watch-sessions';
import type { OutputSource } from '@gatepost/party/agents/output-source';
import type { AutomaticGates } from '@gatepost/party/gates/automatic-gates';
import { indexJournal } from '@gatepost/party/ledger/journal-replay';
import { LedgerFeed } from '@gatepost/party/ledger/ledger-feed';
import type { CosignRequest, CosignResponse } from '@gatepost/proto/gen/gatepost/gatekeeper/v1/gatekeeper';
import type { Plan } from '@gatepost/rules/plan/plan';
import { taskNamesOf } from '@gatepost/rules/plan/task-numbers';
import { executeUntilKnown } from '@gatepost/shared/ledger/execute-until-known';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import { memorySigner, readMemoryBatch } from '@gatepost/shared/ledger/memory/cosigning';
import { packRecords } from '@gatepost/shared/records/codec';
import type { JournalRecord } from '@gatepost/shared/records/schema';
import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { type AccountId, accountId, type TopicId, type TransactionId } from '@gatepost/shared/vocabulary/ids';
import { NANOS_PER_SECOND } from '@gatepost/shared/vocabulary/time';
import { connectivityState } from '@grpc/grpc-js';
import type { Events } from './events.js';
import type { ProcessClock } from './process-clock.js';
import type { SignatureWatch } from './signature-watch.js';
import type { Wire } from './wire.js';

const POLL_MS = 250;
const TRAVEL_MS = 5;
/** How long a call takes that nobody answers. */
const SILENCE_MS = 2_000;
const OUTPUT_WAIT_MS = 60_000;

export interface SimulatedGatekeeperParts {
  readonly session: string;
  readonly coordinator: AccountId;
  readonly journal: TopicId;
  readonly agents: ReadonlySet<AccountId>;
  readonly ledger: Ledger;
  readonly clock: ProcessClock;
  readonly wires: ReadonlyMap<AccountId, Wire>;
  readonly gates: AutomaticGates;
  /** What its own compilation of a plan comes to. */
  readonly digestOf: (plan: Plan) => Sha256;
  readonly watch: SignatureWatch;
  readonly events: Events;
}

/** A process of the gatekeeper: the real classes, with calls in place of gRPC. */
export class SimulatedGatekeeper {
  readonly name: string;
  readonly #sessions: Sessions;
  readonly #cosigning: Cosigning;
  readonly #keepers = new Map<string, RunKeeper>();

  constructor(readonly parts: SimulatedGatekeeperParts) {
    const { session, ledger } = parts;
    this.name = `gatekeeper ${session}`;
    this.#sessions = new Sessions(ledger.account, session, BigInt(MAX_VALID_SECONDS) * NANOS_PER_SECOND);
    this.#cosigning = new Cosigning(this.#sessions);
  }

  get isDead(): boolean {
    return this.parts.clock.killed.aborted;
  }

  /** Another process took over, as far as it has read: it does nothing any more. */
  get isReplaced(): boolean {
    return this.#sessions.isReplaced;
  }

  /** Says that it serves, and looks out for another in its place. */
  async begin(): Promise<void> {
    const { ledger, journal, clock } = this.parts;
    void watchSessions(ledger, journal, this.#sessions, clock.killed);
    await this.#say({ type: 'gatekeeper_online', session: this.parts.session, address: '127.0.0.1:1' });
  }

  /** Says that it stops, and signs nothing any more. */
  async end(): Promise<void> {
    await Promise.all([...this.#keepers.values()].map((keeper) => keeper.close()));
    this.#keepers.clear();
    await this.#say({ type: 'gatekeeper_offline', session: this.parts.session, reason: 'stopped' });
  }

  async #say(record: JournalRecord): Promise<void> {
    const { ledger, clock, journal, events } = this.parts;
    for (const message of packRecords(undefined, [record])) {
      for (let said = false; !said; ) {
        const prepared = await ledger.prepare([{ kind: 'message', topic: journal, message }], { validSeconds: 30 });
        const outcome = await executeUntilKnown(ledger, clock, prepared);
        said = outcome.kind === 'done';
        events.note(this.name, `says ${record.type}: ${outcome.kind}`);
      }
    }
  }

  /** As `providePlan` does. */
  async provide(run: string, plan: Plan): Promise<void> {
    const { ledger, journal, agents, coordinator, clock, events, gates, digestOf } = this.parts;
    if (this.#keepers.has(run)) return;
    const log = events.logger(this.name);
    const { runs } = await indexJournal(new LedgerFeed(ledger, journal, agents, log), coordinator);
    const known = runs.get(run);
    if (known?.escrow === undefined) throw new GatepostError('NOT_FOUND', `no run ${run} yet`);
    // As its own compilation would find it.
    if (known.plan !== digestOf(plan)) throw new GatepostError('USAGE', `run ${run} is of plan ${known.plan}`);
    const { token, gatekeeper, escrow } = known;
    if (this.#keepers.has(run)) return;
    const context = { run, plan, coordinator, journal, token, agents, gatekeeper, escrow };
    const keeper = new RunKeeper({
      ledger,
      clock,
      context,
      sessions: this.#sessions,
      cosigning: this.#cosigning,
      agents: () => this.#outputs(),
      gates,
      outputWaitMs: OUTPUT_WAIT_MS,
      pollMs: POLL_MS,
      log,
    });
    this.#keepers.set(run, keeper);
    void keeper.run();
  }

  /** What the daemons have, for who judges it. */
  #outputs(): OutputSource & { close(): void } {
    const { wires, clock } = this.parts;
    const link: OutputSource['link'] = (agent) => ({
      fetch: async (digest) => {
        await new Promise<void>((resolve) => clock.at(clock.nowMs() + TRAVEL_MS, resolve));
        const wire = wires.get(agent);
        const bytes = wire?.isUp === true ? wire.daemon?.output(digest) : undefined;
        if (bytes === undefined) throw new GatepostError('AGENT_UNREACHABLE', `no output ${digest.slice(0, 8)}`);
        return bytes;
      },
    });
    return { link, close: () => undefined };
  }

  /** As `cosign` does. */
  async cosign({ run, inner, outer }: CosignRequest): Promise<CosignResponse> {
    const { ledger, clock, watch, events } = this.parts;
    const refused = (reason: string, wait: boolean): CosignResponse => {
      events.note(this.name, `does not sign: ${reason}`);
      if (reason.includes('earlier process')) events.mark('a gatekeeper waited for what its predecessor signed');
      if (reason.includes('is signed for in')) events.mark('a gatekeeper waited for what it had signed itself');
      return { answer: { $case: 'refusal', value: { reason, wait } } };
    };
    const keeper = this.#keepers.get(run);
    if (keeper === undefined) return refused('no plan', true);
    const { transactionId = '', validSeconds = 0, nodeAccountId = '', maxFeeTinybar = 0n } = outer ?? {};
    const fields = { id: transactionId as TransactionId, validSeconds, node: accountId(nodeAccountId), maxFeeTinybar };
    const batch = readMemoryBatch({ inner, outer: fields }, ledger.account);
    if ('objection' in batch) return refused(batch.objection, false);
    const answer = await keeper.cosign(batch);
    if (answer.kind !== 'sign') return refused(answer.reason, answer.kind === 'wait');
    const asked = askedBatch(batch, taskNamesOf(keeper.state.context.plan));
    const payments = 'objection' in asked ? [] : asked.records.flatMap((record) => record.payments);
    watch.signed({
      id: batch.id,
      atMs: clock.world.nowMs(),
      validUntil: batch.validStart + BigInt(batch.validSeconds) * NANOS_PER_SECOND,
      payments: payments.map(({ task, attempt }) => `${run} ${task}#${attempt}`),
    });
    events.note(this.name, `signs ${batch.id}`);
    return { answer: { $case: 'cosignature', value: batch.sign(memorySigner(ledger.account)) } };
  }
}

/** Where a coordinator finds the gatekeeper's processes. */
export interface GatekeeperPlace {
  readonly account: AccountId;
  /** Whether nothing gets through. */
  readonly isCut: () => boolean;
  readonly find: (session: string) => SimulatedGatekeeper | undefined;
  /** Whether this answer is lost on its way. */
  readonly losesAnswer: () => boolean;
}

/** The way of one coordinator's process to the gatekeeper. */
export function simulatedCosigner(place: GatekeeperPlace, clock: ProcessClock, events: Events): CosignerOf {
  const pauseMs = (ms: number) => new Promise<void>((resolve) => clock.at(clock.nowMs() + ms, resolve));
  const gone = new GatepostError('AGENT_UNREACHABLE', 'the gatekeeper does not answer');
  const isUp = (there: SimulatedGatekeeper) => !there.isDead && !place.isCut();
  /** A call, unless the other side goes away before it answers. */
  const call = async <T>(there: SimulatedGatekeeper, work: () => Promise<T>): Promise<T> => {
    await pauseMs(TRAVEL_MS);
    if (!isUp(there)) throw gone;
    const silence = async (): Promise<never> => {
      do await pauseMs(SILENCE_MS);
      while (isUp(there));
      throw gone;
    };
    const answer = await Promise.race([work(), silence()]);
    await pauseMs(TRAVEL_MS);
    if (!place.losesAnswer()) return answer;
    events.mark('an answer of a gatekeeper was lost');
    throw gone;
  };
  const opened = new WeakMap<OpenGatekeeper, SimulatedGatekeeper>();
  return cosignerBy({
    account: place.account,
    publicKey: place.account,
    open: async ({ session }) => {
      const there = place.find(session);
      if (there === undefined) throw gone;
      const client = {
        cosign: (request: CosignRequest, _metadata: unknown, done: (error: unknown, answer?: CosignResponse) => void) =>
          void call(there, () => there.cosign(request)).then((answer) => done(null, answer), done),
        getChannel: () => ({
          getConnectivityState: () => (isUp(there) ? connectivityState.READY : connectivityState.IDLE),
        }),
        close: () => undefined,
      };
      // The product uses no more of a client than these.
      const gatekeeper = { client, sessionToken: session } as unknown as OpenGatekeeper;
      opened.set(gatekeeper, there);
      return gatekeeper;
    },
    greet: async (gatekeeper, run, plan) => {
      const there = opened.get(gatekeeper);
      if (there === undefined) throw gone;
      await call(there, () => there.provide(run, plan));
    },
  });
}
