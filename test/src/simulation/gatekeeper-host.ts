import type { AutomaticGates } from '@gatepost/party/gates/automatic-gates';
import type { MemoryNetwork } from '@gatepost/shared/ledger/memory-network';
import type { VirtualClock } from '@gatepost/shared/virtual-clock';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import type { Events } from './events.js';
import { type GatekeeperPlace, SimulatedGatekeeper, type SimulatedGatekeeperParts } from './gatekeeper.js';
import { ProcessClock } from './process-clock.js';
import { SignatureWatch } from './signature-watch.js';
import type { Wire } from './wire.js';

/** What of a world it touches. */
interface Surroundings {
  readonly clock: VirtualClock;
  readonly events: Events;
  readonly network: MemoryNetwork;
  readonly owner: AccountId;
  readonly journal: TopicId;
  readonly hosts: readonly { readonly account: AccountId; readonly wire: Wire }[];
  readonly defects: string[];
}

interface Running {
  readonly process: SimulatedGatekeeper;
  readonly kill: AbortController;
}

/** How often the host looks for a process that ended by itself, and starts another. */
const SUPERVISE_MS = 5_000;

/** The gatekeeper's host: it keeps nothing, so a process that starts knows what it can read. */
export class GatekeeperHost implements GatekeeperPlace {
  readonly watch = new SignatureWatch();
  readonly #running: Running[] = [];
  #lives = 0;
  #isCut = false;

  constructor(
    readonly world: Surroundings,
    readonly account: AccountId,
    readonly escrow: AccountId,
    readonly skewMs: number,
    readonly judge: AutomaticGates['run'],
    readonly digestOf: SimulatedGatekeeperParts['digestOf'] = ({ digest }) => digest,
  ) {}

  /** Its processes that run. */
  get processes(): readonly SimulatedGatekeeper[] {
    return this.#running.map(({ process }) => process);
  }

  readonly isCut = (): boolean => this.#isCut;
  readonly find = (session: string): SimulatedGatekeeper | undefined =>
    this.#running.find(({ process }) => process.parts.session === session)?.process;
  readonly losesAnswer = (): boolean => {
    const { network } = this.world;
    return network.chance(network.conditions.lostAnswers);
  };

  /** Starts a process unless one runs. */
  start(): void {
    if (this.#running.length === 0) this.#start();
  }

  /** Starts a process beside the one that runs: it takes over. */
  startAnother(): void {
    if (this.#running.length > 2) return;
    if (this.#running.length > 0) this.world.events.mark('two gatekeepers acted at once');
    this.#start();
  }

  #start(): void {
    const { clock, events, network, owner, journal, hosts, defects } = this.world;
    this.#lives += 1;
    const kill = new AbortController();
    const own = new ProcessClock(clock, this.skewMs, kill.signal);
    const parts: SimulatedGatekeeperParts = {
      session: `keeper-session-${this.#lives}`,
      coordinator: owner,
      journal,
      agents: new Set(hosts.map(({ account }) => account)),
      ledger: network.ledger(this.account, { clock: own, killed: kill.signal }),
      clock: own,
      wires: new Map(hosts.map(({ account, wire }) => [account, wire])),
      gates: { run: this.judge, close: async () => undefined },
      digestOf: this.digestOf,
      watch: this.watch,
      events,
    };
    const process = new SimulatedGatekeeper(parts);
    const running = { process, kill };
    this.#running.push(running);
    events.note(process.name, 'begins');
    this.#supervise(running);
    process
      .begin()
      .catch((thrown: unknown) => defects.push(`${process.name} ended: ${toGatepostError(thrown).message}`));
  }

  /** One that was replaced ends. The word of a dead process may come late and replace it; then nobody is left to serve. */
  #supervise(running: Running): void {
    const { clock, events } = this.world;
    clock.at(clock.nowMs() + SUPERVISE_MS, () => {
      const at = this.#running.indexOf(running);
      if (at < 0) return;
      if (!running.process.isReplaced) return this.#supervise(running);
      this.#running.splice(at, 1);
      running.kill.abort();
      events.note(running.process.name, 'ends: replaced');
      this.start();
    });
  }

  /** All of its processes die. */
  kill(): void {
    for (const { process, kill } of this.#running.splice(0)) {
      this.world.events.note(process.name, 'is killed');
      this.world.events.mark('a gatekeeper died');
      kill.abort();
    }
  }

  /** They say goodbye first. */
  stop(): void {
    const stopped = this.#running.splice(0);
    for (const { process, kill } of stopped) {
      this.world.events.note(process.name, 'stops');
      void process.end().then(
        () => kill.abort(),
        () => kill.abort(),
      );
    }
  }

  cut(isCut: boolean): void {
    this.#isCut = isCut;
  }
}
