import { verify } from '@gatepost/rules/verify/verify';
import type { Conditions } from '@gatepost/shared/ledger/memory/conditions';
import { CALM } from '@gatepost/shared/ledger/memory/conditions';
import { begin, claimAnInbox } from './apply.js';
import { checkRuns } from './checker.js';
import type { Mark } from './events.js';
import { evidenceOf } from './evidence.js';
import { markHistory } from './mark-history.js';
import { ALL_TROUBLES, TROUBLES, troublesFrom } from './troubles.js';
import { SUPPLY, World } from './world.js';

/** What came of one run. */
export interface RunReport {
  readonly seed: number;
  /** What should not have been; nothing when all is well. */
  readonly violations: readonly string[];
  readonly marks: ReadonlySet<Mark>;
  /** Of all events, byte for byte. */
  readonly digest: string;
  readonly lines: readonly string[];
  /** How long it took in the world of the run. */
  readonly virtualMs: number;
  readonly transactions: number;
}

const TROUBLED_MS = [20_000, 120_000] as const;
/** In so many runs an agent announces another's inbox as its own, perhaps before that one does. */
const CLAIMS = 0.1;
/** With all trouble over a run must end within this. */
const END_WITHIN_MS = 3_600_000;
/** After the end nothing may happen any more; what is still under way is let arrive. */
const AFTERWARDS_MS = 200_000;

/** A network without trouble, and with the times of an ordinary day. */
const calm = (conditions: Conditions): Partial<Conditions> => ({
  ...CALM,
  answerMs: conditions.answerMs,
  consensusMs: [30, 500],
  readMs: conditions.readMs,
  restLagMs: 500,
  streamLagMs: 500,
});

/** Runs one plan through all the trouble that a seed decides, to its end, and looks at what is on the ledger then. */
export async function simulate(seed: number, withGatekeeper = false): Promise<RunReport> {
  const world = new World(seed, withGatekeeper);
  const { clock, events } = world;
  const startMs = clock.nowMs();
  const troubledMs = world.random.whole(...TROUBLED_MS);
  for (const host of world.hosts) {
    clock.at(startMs + world.random.whole(0, 3_000), () => world.startDaemon(host));
  }
  clock.at(startMs + world.random.whole(0, 3_000), () => world.startCoordinator(false));
  if (world.gatekeeper !== undefined) {
    clock.at(startMs + world.random.whole(0, 3_000), () => world.gatekeeper?.start());
  }
  world.beginPerson();
  world.beginAsking();
  if (world.random.chance(CLAIMS)) clock.at(startMs + world.random.whole(0, 1_000), () => claimAnInbox(world));
  const kinds = withGatekeeper ? ALL_TROUBLES : TROUBLES;
  for (const trouble of troublesFrom(world.random.fork(), troubledMs, world.hosts.length, kinds)) {
    clock.at(startMs + trouble.atMs, () => {
      const end = begin(world, trouble);
      clock.at(clock.nowMs() + trouble.forMs, () => {
        events.note('trouble', `${trouble.kind} is over`);
        end();
      });
    });
  }
  const isOver = () => world.isClosed && world.running.size === 0;
  await clock.runUntil(isOver, startMs + troubledMs);
  endTrouble(world);
  await clock.runUntil(isOver, clock.nowMs() + END_WITHIN_MS);
  const virtualMs = clock.nowMs() - startMs;
  await clock.runUntil(() => false, clock.nowMs() + AFTERWARDS_MS);
  return report(world, virtualMs);
}

/** From here on nothing new goes wrong; what is going on ends when its time comes. */
function endTrouble(world: World): void {
  const { network, clock, events } = world;
  events.note('trouble', 'no more');
  const heal = () => {
    network.set(calm(network.conditions));
    for (const topic of [world.journal, ...world.hosts.map(({ inbox }) => inbox)]) network.mirror.stall(topic, false);
    for (const host of world.hosts) {
      host.disk.isFull = false;
      network.freeze(host.account, world.token, false);
      host.wire.isCut = false;
      host.wire.changed();
      world.startDaemon(host);
    }
    world.keeper.isFull = false;
    world.gatekeeper?.cut(false);
    world.gatekeeper?.start();
  };
  heal();
  // The longest trouble that had begun by now is over by then.
  clock.at(clock.nowMs() + 61_000, heal);
  if (world.running.size === 0) world.keepCoordinated(false);
}

function report(world: World, virtualMs: number): RunReport {
  const { seed, network, parties, runs, events, defects } = world;
  const violations = [...defects, ...checkRuns(network, parties, runs, SUPPLY)];
  violations.push(...(world.gatekeeper?.watch.violations(network) ?? []));
  for (const asked of runs) {
    const audit = verify(evidenceOf(network, parties), asked);
    for (const { rule, subject, message } of audit.findings) violations.push(`verify ${rule}: ${subject}: ${message}`);
  }
  markHistory(world);
  for (const { at, id, kind, result, scheduled } of network.history.all) {
    events.lines.push(`${at} ${id} ${kind} ${result} ${scheduled}`);
  }
  return {
    seed,
    violations,
    marks: events.marks,
    digest: events.digest,
    lines: events.lines,
    virtualMs,
    transactions: network.history.all.length,
  };
}
