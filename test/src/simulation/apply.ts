import { direct } from '@gatepost/coordinator/shell/ledger/direct';
import type { Conditions } from '@gatepost/shared/ledger/memory/conditions';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { announceAsOwn, lie } from './liar.js';
import type { Trouble } from './troubles.js';
import type { AgentHost, World } from './world.js';

/** Makes a trouble, and says how to end it; most that kill end by themselves. */
export function begin(world: World, trouble: Trouble): () => void {
  const { kind, degree, agent } = trouble;
  const host = world.hosts[agent % world.hosts.length] as AgentHost;
  world.events.note('trouble', `${kind} (${host.account}) for ${trouble.forMs} ms`);
  switch (kind) {
    case 'kill the coordinator':
      world.killCoordinator(false);
      return nothing;
    case 'move the coordinator':
      world.killCoordinator(true);
      return nothing;
    case 'start a second coordinator':
      if (!world.isClosed) world.takeOver();
      return nothing;
    case 'kill the gatekeeper':
      world.gatekeeper?.kill();
      return () => world.gatekeeper?.start();
    case 'stop the gatekeeper':
      world.gatekeeper?.stop();
      return () => world.gatekeeper?.start();
    case 'start a second gatekeeper':
      world.gatekeeper?.startAnother();
      return nothing;
    case 'cut the gatekeeper':
      world.gatekeeper?.cut(true);
      return () => world.gatekeeper?.cut(false);
    case 'kill a daemon':
      world.killDaemon(host);
      return () => world.startDaemon(host);
    case 'stop a daemon':
      return stopDaemon(world, host);
    case 'lose a daemon\u2019s disk':
      world.killDaemon(host);
      host.disk.wipe();
      world.events.mark('a daemon lost its disk');
      return () => world.startDaemon(host);
    case 'cut a session':
      return cut(host);
    case 'node away':
      world.events.mark('the node was away');
      return change(world, { nodeAway: true }, { nodeAway: false });
    case 'mirror away':
      world.events.mark('the mirror was away');
      return change(world, { mirrorAway: true }, { mirrorAway: false });
    case 'stall the journal\u2019s stream':
      world.events.mark('a stream stalled while another worked');
      return stall(world, world.journal);
    case 'stall an inbox':
      return stall(world, host.inbox);
    case 'REST lags':
      return change(
        world,
        { restLagMs: Math.floor(degree * 30_000) },
        { restLagMs: world.network.conditions.restLagMs },
      );
    case 'streams lag':
      return change(
        world,
        { streamLagMs: Math.floor(degree * 20_000) },
        { streamLagMs: world.network.conditions.streamLagMs },
      );
    case 'busy':
      world.events.mark('the node was busy');
      return change(world, { busy: 0.3 + 0.7 * degree }, { busy: 0 });
    case 'requests are lost':
      return change(world, { lostRequests: degree }, { lostRequests: 0 });
    case 'answers are lost':
      return change(world, { lostAnswers: 0.3 + 0.7 * degree }, { lostAnswers: 0 });
    case 'answers are doubled':
      world.events.mark('a submission was a duplicate');
      return change(world, { doubled: degree }, { doubled: 0 });
    case 'transactions are dropped':
      return change(world, { dropped: degree }, { dropped: 0 });
    case 'receipts are lost':
      return change(world, { lostReceipts: degree }, { lostReceipts: 0 });
    case 'executions give up':
      return change(world, { givenUp: degree, lostReceipts: degree }, { givenUp: 0, lostReceipts: 0 });
    case 'consensus throttles':
      return change(world, { throttled: degree }, { throttled: 0 });
    case 'consensus is slow':
      return change(
        world,
        { consensusMs: [30, 2_000 + Math.floor(degree * 18_000)] },
        { consensusMs: world.network.conditions.consensusMs },
      );
    case 'a disk is full':
      host.disk.isFull = true;
      return () => {
        host.disk.isFull = false;
      };
    case 'the coordinator\u2019s disk is full':
      world.keeper.isFull = true;
      return () => {
        world.keeper.isFull = false;
      };
    case 'a payee is frozen':
      world.network.freeze(host.account, world.token);
      return () => world.network.freeze(host.account, world.token, false);
    case 'lies':
      return tellLies(world, host, degree);
    case 'a task is cancelled':
    case 'the run is cancelled':
      return cancel(world, kind === 'the run is cancelled' ? undefined : degree);
  }
}

const nothing = (): void => undefined;

function change(world: World, to: Partial<Conditions>, back: Partial<Conditions>): () => void {
  world.network.set(to);
  return () => world.network.set(back);
}

function stall(world: World, topic: World['journal']): () => void {
  world.network.mirror.stall(topic, true);
  return () => world.network.mirror.stall(topic, false);
}

function cut({ wire }: AgentHost): () => void {
  wire.isCut = true;
  wire.changed();
  return () => {
    wire.isCut = false;
    wire.changed();
  };
}

/** It says goodbye, and is gone a moment later whether that was heard or not. */
function stopDaemon(world: World, host: AgentHost): () => void {
  host.wire.daemon?.stop();
  const { kill } = host;
  world.clock.at(world.clock.nowMs() + 1_000, () => {
    if (host.kill === kill) world.killDaemon(host);
  });
  return () => {
    if (host.kill === kill) world.killDaemon(host);
    world.startDaemon(host);
  };
}

/** An agent of the run says that another's inbox is its own. */
export function claimAnInbox({ network, random, journal, hosts, events }: World): void {
  const [liar, ...others] = hosts;
  if (liar === undefined) return;
  const { account, inbox } = random.pick(others);
  events.note(`agent ${liar.account}`, `announces the inbox of ${account}`);
  void announceAsOwn(network.ledger(liar.account), journal, inbox);
}

/** An agent of the run or a stranger writes what is not true, again and again. */
function tellLies(world: World, host: AgentHost, degree: number): () => void {
  const { network, random, journal, token, runs, hosts, events, clock } = world;
  const dice = random.fork();
  const { run, plan } = runs[Math.min(runs.length - 1, Math.floor(degree * runs.length))] as (typeof runs)[number];
  const account = dice.chance(0.7) ? host.account : network.createAccount();
  const parts = {
    ledger: network.ledger(account),
    random: dice,
    run,
    journal,
    token,
    tasks: plan.tasks.map(({ id }) => id),
    inboxes: hosts.filter((other) => other !== host).map(({ inbox }) => inbox),
    others: hosts.map((other) => other.account),
  };
  let isOver = false;
  const tell = (): void => {
    if (isOver) return;
    events.mark('a lie was told');
    void lie(parts);
    clock.at(clock.nowMs() + dice.whole(200, 3_000), tell);
  };
  tell();
  return () => {
    isOver = true;
  };
}

function cancel(world: World, degree: number | undefined): () => void {
  const [running] = world.running;
  const states = [...(running?.coordinator.states.values() ?? [])];
  const state = states[Math.floor((degree ?? 0) * states.length)];
  if (state === undefined || !state.opened) return nothing;
  const { tasks } = state.context.plan;
  const task = degree === undefined ? undefined : tasks[Math.floor(degree * tasks.length)]?.id;
  const ledger = world.network.ledger(world.owner);
  void direct(ledger, state, { action: 'cancel', task, reason: 'not wanted' }).catch((thrown: unknown) =>
    world.events.note('a person', toGatepostError(thrown).message),
  );
  return nothing;
}
