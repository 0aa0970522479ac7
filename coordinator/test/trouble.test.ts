import { direct } from '@gatepost/coordinator/shell/ledger/direct';
import { hostDigest, nextIdentity } from '@gatepost/coordinator/shell/ledger/identity';
import { keepPlan } from '@gatepost/coordinator/shell/plan/plan-cache';
import { viewRun } from '@gatepost/coordinator/shell/run/run-view';
import { emptyIndex } from '@gatepost/rules/run/journal-index';
import { hederaLedger } from '@gatepost/shared/hedera/hedera-ledger';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planOf, taskOf } from './core/plans.js';
import { HeldTasks } from './support/held-tasks.js';
import { Lane, TestLedger } from './support/stage.js';

const held = new HeldTasks();
const EXECUTORS = { work: { command: ['printf', 'done'] }, held: held.executor };
const gates = [{ kind: 'none' as const }];
const never = new AbortController().signal;

let ledger: TestLedger;
let lane: Lane;

beforeAll(async () => {
  ledger = await TestLedger.start();
  lane = await Lane.open(ledger, EXECUTORS);
}, 120_000);

afterAll(async () => {
  await lane.close();
  await ledger.close();
  held.remove();
});

const look = (config: ReturnType<Lane['config']>) =>
  viewRun(
    hederaLedger(lane.coordinator.connection, pino({ level: 'silent' })),
    config,
    {},
    pino({ level: 'silent' }),
  ).catch(() => undefined);

describe('trouble ends in words, not in a hang', () => {
  it('an attempt past its deadline is cancelled and rejected, its dependants are blocked, other work goes on', async () => {
    const plan = planOf([
      taskOf('late', { type: 'held', gates, attempts: 1, deadlineMs: 1_000 }),
      taskOf('after', { gates, dependsOn: ['late'] }),
      taskOf('other', { gates }),
    ]);
    const proxy = await lane.proxy();
    const { summary } = await lane.run(plan, proxy, never, { limits: { deadlineGraceMs: 200 } });
    proxy.close();
    expect(summary.outcome).toBe('failed');
    const of = (task: string) => summary.tasks.find((entry) => entry.task === task);
    expect(of('late')).toMatchObject({ status: 'failed', paid: '0' });
    expect(of('after')).toMatchObject({ status: 'blocked', reason: 'waits for late, which is failed', paid: '0' });
    expect(of('other')).toMatchObject({ status: 'paid' });
  }, 60_000);

  it('a task whose only agent stopped in good order fails once it has waited long enough', async () => {
    const own = await Lane.open(ledger, EXECUTORS);
    await own.killAgents('SIGTERM');
    const proxy = await own.proxy();
    const { summary } = await own.run(planOf([taskOf('t', { gates })]), proxy, never, {
      limits: { agentWaitMs: 2_000 },
    });
    proxy.close();
    const reason = expect.stringContaining('no agent with capability work was reachable for');
    expect(summary.tasks[0]).toMatchObject({ status: 'failed', reason });
    await own.close();
  }, 60_000);

  it('a task whose input no agent takes fails at once', async () => {
    const own = await Lane.open(ledger, { ...EXECUTORS, big: { command: ['head', '-c', '9000000', '/dev/zero'] } });
    const plan = planOf([
      taskOf('a', { type: 'big', gates }),
      taskOf('b', { type: 'big', gates }),
      taskOf('c', { gates, dependsOn: ['a', 'b'], input: [{ $output: 'a' }, { $output: 'b' }], deadlineMs: 600_000 }),
    ]);
    const proxy = await own.proxy();
    const { summary } = await own.run(plan, proxy, never);
    proxy.close();
    const [, , c] = summary.tasks;
    expect(c).toMatchObject({ status: 'failed', attempts: 0 });
    expect(c?.reason).toMatch(/its input has \d{9} bytes; no agent that offers work takes more than 16777216$/);
    await own.close();
  }, 60_000);

  it('an agent that closes its inbox cannot keep the run from ending', async () => {
    const own = await Lane.open(ledger, EXECUTORS);
    const plan = planOf([taskOf('late', { type: 'held', gates, attempts: 1, deadlineMs: 2_000 })], { name: 'deaf' });
    const proxy = await own.proxy();
    const running = own.run(plan, proxy, never, { limits: { deadlineGraceMs: 200 } });
    const run = `${plan.digest.slice(0, 12)}-1`;
    await expect
      .poll(async () => (await own.records(run)).filter(({ type }) => type === 'started').length, { timeout: 20_000 })
      .toBe(1);
    const [agent] = own.agents;
    if (agent === undefined) throw new Error('an agent is needed');
    await own.deleteInbox(agent);
    const { why, summary } = await running;
    expect([why, summary.outcome, summary.tasks[0]?.status]).toEqual(['closed', 'failed', 'failed']);
    proxy.close();
    await own.close();
  }, 60_000);

  it('a task that no agent can do fails with the capability it wanted', async () => {
    const plan = planOf([taskOf('strange', { type: 'unheard-of', gates })]);
    const proxy = await lane.proxy();
    const { summary } = await lane.run(plan, proxy, never, { limits: { agentWaitMs: 500 } });
    proxy.close();
    expect(summary.tasks[0]).toMatchObject({ status: 'failed', attempts: 0 });
    expect(summary.tasks[0]?.reason).toContain('no agent with capability unheard-of');
  }, 60_000);

  it('a cancelled run ends, pays what is accepted and nothing else', async () => {
    const plan = planOf([taskOf('quick', { gates }), taskOf('never', { type: 'held', gates })], {
      name: 'to cancel',
    });
    const proxy = await lane.proxy();
    const running = lane.run(plan, proxy, never);
    const config = lane.config();
    keepPlan(config.stateDir, plan);
    const both = async () => {
      const seen = await look(config);
      return `${seen?.tasks.get('quick')?.status} ${seen?.tasks.get('never')?.status}`;
    };
    await expect.poll(both, { timeout: 20_000 }).toMatch(/^(complete|paid) in_progress$/);
    const state = await look(config);
    if (state === undefined) throw new Error('the run is gone');
    await direct(hederaLedger(lane.coordinator.connection, pino({ level: 'silent' })), state, {
      action: 'cancel',
      task: undefined,
      reason: 'enough',
    });
    const { summary } = await running;
    proxy.close();
    expect(summary.outcome).toBe('cancelled');
    expect(summary.tasks.map(({ task, paid }) => [task, paid])).toEqual([
      ['quick', '10'],
      ['never', '0'],
    ]);
  }, 60_000);

  it('an interrupted run is resumed by the same command', async () => {
    const plan = planOf([taskOf('first', { gates }), taskOf('then', { type: 'held', gates, dependsOn: ['first'] })], {
      name: 'resumed',
    });
    const stop = new AbortController();
    const proxy = await lane.proxy();
    const running = lane.run(plan, proxy, stop.signal);
    const config = lane.config();
    keepPlan(config.stateDir, plan);
    await expect
      .poll(async () => (await look(config))?.tasks.get('then')?.status, { timeout: 20_000 })
      .toBe('in_progress');
    stop.abort();
    const interrupted = await running;
    expect(interrupted.why).toBe('interrupted');
    held.release('then');
    const { summary } = await lane.run(plan, proxy, never);
    proxy.close();
    expect(summary.run).toBe(interrupted.summary.run);
    expect(summary.tasks.map(({ status, attempts }) => [status, attempts])).toEqual([
      ['paid', 1],
      ['paid', 1],
    ]);
  }, 60_000);
});

describe('two coordinators of one journal', () => {
  it('the one that takes over fences the other, which stops by itself', async () => {
    const plan = planOf([taskOf('shared', { type: 'held', gates })], { name: 'fenced' });
    const before = await lane.held();
    const [one, two] = [await lane.proxy(), await lane.proxy()];
    const first = lane.run(plan, one, never);
    const config = lane.config();
    keepPlan(config.stateDir, plan);
    await expect
      .poll(async () => (await look(config))?.tasks.get('shared')?.status, { timeout: 20_000 })
      .toBe('in_progress');
    const second = lane.run(plan, two, never, { takeOver: true });
    expect((await first).why).toBe('fenced');
    held.release('shared');
    expect((await second).summary.outcome).toBe('complete');
    expect((await lane.held()) - before).toBe(10n);
    one.close();
    two.close();
  }, 60_000);

  it('without being told to take over the second refuses, unless the first is certainly dead', () => {
    const epoch = { epoch: 3, instance: 'other', ended: false };
    const index = (host: string, pid: number, ended = false) => ({
      ...emptyIndex(),
      epoch: { ...epoch, host, pid, ended },
    });
    expect(() => nextIdentity(index('elsewhere', 1), false)).toThrow(/another host.*--take-over/s);
    expect(() => nextIdentity(index(hostDigest(), process.ppid), false)).toThrow(
      new RegExp(`process ${process.ppid} `),
    );
    expect(nextIdentity(index('elsewhere', 1), true).epoch).toBe(4);
    expect(nextIdentity(index('elsewhere', 1, true), false).epoch).toBe(4);
    expect(nextIdentity(index(hostDigest(), 4_194_305), false).epoch).toBe(4);
  });
});
