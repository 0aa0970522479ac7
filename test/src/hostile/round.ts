import { checkRuns } from '../simulation/checker.js';
import { ATTACKS, type Attack, HostileCoordinator } from './attacks.js';
import { HostileStage, SUPPLY } from './stage.js';

/** What came of one round. */
export interface RoundReport {
  readonly seed: number;
  readonly attempts: ReadonlyMap<Attack, number>;
  /** Batches that were signed, and tokens that left the escrow. */
  readonly signed: number;
  readonly paid: bigint;
  /** What should not have been; nothing when all is well. */
  readonly violations: readonly string[];
}

/** Attempts of one round. */
const ATTEMPTS = 100;
/** All that is signed is over by then. */
const AFTERWARDS_MS = 400_000;
const LONGEST_MS = 100_000_000;
/** What a run that was never closed, and records that nobody paid for, are: the coordinator's own matter. */
const OWN_MATTER = /^(the run did not end|a payment record without a transfer)/;

/** A run in which a coordinator tries everything that comes to its mind, while agents and the gatekeeper are honest. */
export async function hostileRound(seed: number): Promise<RoundReport> {
  const stage = new HostileStage(seed);
  const coordinator = new HostileCoordinator(stage);
  const attempts = new Map<Attack, number>();
  let isOver = false;
  const script = act(stage, coordinator, attempts).finally(() => {
    isOver = true;
  });
  const { clock } = stage;
  await clock.runUntil(() => isOver, clock.nowMs() + LONGEST_MS);
  await script;
  await clock.runUntil(() => false, clock.nowMs() + AFTERWARDS_MS);
  const { network, parties, plan, run, gatekeeper, defects, token } = stage;
  const found = checkRuns(network, parties, [{ plan, run }], SUPPLY).filter((one) => !OWN_MATTER.test(one));
  const violations = [...defects, ...found, ...gatekeeper.watch.violations(network)];
  for (const account of [stage.owner, stage.mule]) {
    if (network.balance(account, token) !== 0n) violations.push(`the coordinator has tokens: ${account}`);
  }
  const paid = SUPPLY - (network.balance(gatekeeper.escrow, token) ?? 0n);
  return { seed, attempts, signed: coordinator.got.length, paid, violations };
}

async function act(stage: HostileStage, coordinator: HostileCoordinator, attempts: Map<Attack, number>): Promise<void> {
  const { random, gatekeeper } = stage;
  gatekeeper.start();
  await stage.open();
  await stage.pause(2_000);
  await provide(stage);
  for (let count = 0; count < ATTEMPTS; count += 1) {
    if (random.chance(0.3)) await work(stage, coordinator);
    if (random.chance(0.03)) await trouble(stage);
    const attack = random.chance(0.3) ? 'pay what is due' : random.pick(ATTACKS);
    attempts.set(attack, (attempts.get(attack) ?? 0) + 1);
    await coordinator.try(attack);
    await stage.pause(random.whole(1, 3_000));
  }
}

/** The right plan, to every process. */
async function provide({ gatekeeper, run, plan }: HostileStage): Promise<void> {
  for (const process of gatekeeper.processes) await process.provide(run, plan).catch(() => undefined);
}

/** Some task is given to an agent, which does it, well or badly. */
async function work(stage: HostileStage, coordinator: HostileCoordinator): Promise<void> {
  const { random, plan, agents } = stage;
  const task = random.pick(plan.tasks);
  if (coordinator.isDone(task.id)) return;
  const agent = random.pick(agents);
  const attempt = coordinator.delivered.filter((one) => one.task === task).length + 1;
  await stage.assign(task, attempt, agent);
  await stage.deliver(task, attempt, agent, random.chance(0.7));
  coordinator.delivered.push({ task, attempt, agent: agent.account });
}

/** The gatekeeper dies, is started again, or is started twice; or time goes by. */
async function trouble(stage: HostileStage): Promise<void> {
  const { random, gatekeeper } = stage;
  const dice = random.fraction();
  if (dice < 0.35) gatekeeper.kill();
  else if (dice < 0.6) gatekeeper.startAnother();
  else await stage.pause(random.whole(10_000, 200_000));
  gatekeeper.start();
  await stage.pause(random.whole(500, 3_000));
  await provide(stage);
}
