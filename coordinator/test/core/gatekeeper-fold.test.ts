import { reduce } from '@gatepost/rules/fold/reduce';
import type { Gate, PlanTask } from '@gatepost/rules/plan/plan';
import { emptyState, type RunContext, type RunState } from '@gatepost/rules/run/run-state';
import { stateDigest } from '@gatepost/rules/run/state-digest';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { accountId, topicId } from '@gatepost/shared/vocabulary/ids';
import { describe, expect, it } from 'vitest';
import { planOf, taskOf } from './plans.js';
import { COORDINATOR, ESCROW, GATEKEEPER, JOURNAL, TOKEN } from './simulation.js';

const AGENTS = [0, 1, 2].map((index) => accountId(`0.0.${1_000 + index}`));
const NOT_ITS = 'verdict of a coordinator that does not judge';
const QUORUM: Gate = { kind: 'quorum', of: 3, agree: 2 };

/** A run with a gatekeeper, fed by hand; time is in seconds. */
class Run {
  readonly state: RunState;
  #sequence = 0;
  seconds = 1n;

  constructor(
    change: Partial<PlanTask> = {},
    readonly context: Partial<RunContext> = {},
  ) {
    const plan = planOf([taskOf('a', change)]);
    const parties = { coordinator: COORDINATOR, gatekeeper: GATEKEEPER, escrow: ESCROW, agents: new Set(AGENTS) };
    this.state = emptyState({ run: 'run-1', plan, journal: JOURNAL, token: TOKEN, ...parties, ...context });
    for (const [index, agent] of AGENTS.entries()) {
      const about = { session: 's', address: '127.0.0.1:1', capabilities: ['work'], slots: 2 };
      this.say(agent, { type: 'online', ...about, inbox: `0.0.${2_000 + index}` });
    }
  }

  say(author: string, record: AnyRecord, topic: string = JOURNAL): this {
    const entry = { at: this.seconds * 1_000_000_000n + BigInt(this.#sequence), sequence: ++this.#sequence, record };
    const about = { run: 'run-1', topic: topicId(topic), author: accountId(author), ofOwnInbox: true };
    reduce(this.state, { ...entry, ...about });
    return this;
  }

  open(mode: { gatekeeper?: string; escrow?: string } = { gatekeeper: GATEKEEPER, escrow: ESCROW }): this {
    const { digest } = this.state.context.plan;
    return this.say(COORDINATOR, {
      type: 'run_opened',
      plan_sha256: digest,
      name: 'p',
      tasks: 1,
      token: TOKEN,
      ...mode,
    });
  }

  assign(attempt = 1, to = 0, judge: string | null = GATEKEEPER): this {
    const input = { input_sha256: sha256('a'), input_size: 1, deadline_ms: 60_000 };
    const record = { type: 'assign' as const, task: 'a', attempt, task_type: 'work', ...input, price: '10' };
    return this.say(COORDINATOR, { ...record, token: TOKEN, judge: judge ?? undefined }, `0.0.${2_000 + to}`);
  }

  deliver(attempt = 1, by = 0): this {
    const output = { output_sha256: sha256('x'), output_size: 1, output: 'x' };
    return this.say(AGENTS[by] ?? '', { type: 'result', task: 'a', attempt, outcome: 'ok', ...output });
  }

  verdict(author: string, accepted: boolean, gate = 'command', attempt = 1): this {
    return this.say(author, { type: 'verdict', task: 'a', attempt, accepted, gate, reason: 'seen' });
  }

  at(seconds: bigint): this {
    this.seconds = seconds;
    return this;
  }

  get status(): string | undefined {
    return this.state.tasks.get('a')?.status;
  }

  get ignored(): readonly string[] {
    return [...this.state.ignored.keys()];
  }
}

describe('a run with a gatekeeper', () => {
  it('is opened by a record that names this gatekeeper and this escrow alone', () => {
    expect(new Run().open().state.opened).toBe(true);
    for (const other of [{}, { gatekeeper: GATEKEEPER }, { gatekeeper: GATEKEEPER, escrow: '0.0.9' }]) {
      const run = new Run().open(other);
      expect([run.state.opened, run.ignored]).toEqual([false, ['run under another gatekeeper or escrow']]);
    }
    const plain = new Run({}, { gatekeeper: undefined, escrow: undefined }).open();
    expect(plain.ignored).toEqual(['run under another gatekeeper or escrow']);
  });

  it('takes no assignment under another judge, nor a plain one any judge', () => {
    expect(new Run().open().assign(1, 0, null).ignored).toEqual(['assignment under another judge']);
    expect(new Run().open().assign(1, 0, COORDINATOR).ignored).toEqual(['assignment under another judge']);
    expect(new Run().open().assign().status).toBe('assigned');
    const plain = new Run({}, { gatekeeper: undefined, escrow: undefined }).open({});
    expect(plain.assign().ignored).toEqual(['assignment under another judge']);
  });

  it('takes the verdict of the gatekeeper on what was delivered, and none of the coordinator', () => {
    const run = new Run().open().assign().deliver();
    for (const gate of ['command', 'cancelled', 'budget', 'deadline', 'lost', 'superseded']) {
      run.verdict(COORDINATOR, false, gate);
    }
    run.verdict(COORDINATOR, true);
    expect([run.status, run.ignored]).toEqual(['review', [NOT_ITS]]);
    expect(run.verdict(GATEKEEPER, true).status).toBe('complete');
    expect(new Run().open().assign().deliver().verdict(GATEKEEPER, false).status).toBe('pending');
    const plain = new Run({}, { gatekeeper: undefined, escrow: undefined }).open({});
    expect(plain.assign(1, 0, null).verdict(GATEKEEPER, false).ignored).toEqual([
      'record of an author without authority',
    ]);
  });

  it('lets the coordinator give up what was not delivered: failed, late, or not there', () => {
    const failed = new Run().open().assign();
    failed.say(AGENTS[0] ?? '', { type: 'result', task: 'a', attempt: 1, outcome: 'failed', reason: 'exit code 1' });
    expect(failed.verdict(COORDINATOR, false, 'result').status).toBe('pending');
    expect(new Run().open().assign().verdict(COORDINATOR, false, 'lost').status).toBe('pending');
    expect(new Run().open().assign().at(61n).deliver().verdict(COORDINATOR, false, 'deadline').status).toBe('pending');
    expect(new Run().open().verdict(COORDINATOR, false, 'unassignable').status).toBe('failed');
  });

  it('keeps what an agent delivered from being given up with the attempt of another', () => {
    const run = () => new Run().open().assign(1, 0).assign(2, 1).deliver(1, 0);
    for (const gate of ['lost', 'budget', 'cancelled']) {
      expect(run().verdict(COORDINATOR, false, gate, 2).ignored, gate).toEqual([NOT_ITS]);
    }
    expect(run().verdict(COORDINATOR, false, 'unassignable', 3).ignored).toEqual([NOT_ITS]);
    const accepted = run().verdict(GATEKEEPER, true).verdict(COORDINATOR, false, 'superseded', 2);
    expect([accepted.status, accepted.ignored]).toEqual(['complete', []]);
  });

  it('lets an attempt go whose work was given to another, while what that one delivered is judged', () => {
    const run = () => new Run().open().assign(1, 0).assign(2, 1).deliver(2, 1);
    const late = run().at(61n).verdict(COORDINATOR, false, 'deadline', 1);
    expect([late.status, late.ignored]).toEqual(['review', []]);
    expect(late.verdict(GATEKEEPER, true, 'command', 2).status).toBe('complete');
    for (const gate of ['budget', 'cancelled', 'unassignable']) {
      expect(run().verdict(COORDINATOR, false, gate, 1).ignored, gate).toEqual([NOT_ITS]);
    }
  });

  it('lets a member of a quorum be given up beside one that delivered, and a further one for good only before enough agree', () => {
    const run = () => new Run({ gates: [QUORUM] }).open().assign(1, 0).assign(2, 1).deliver(1, 0);
    expect(run().verdict(COORDINATOR, false, 'lost', 2).ignored).toEqual([]);
    expect(run().verdict(COORDINATOR, false, 'budget', 3).status).toBe('failed');
    expect(run().deliver(2, 1).verdict(COORDINATOR, false, 'budget', 3).ignored).toEqual([NOT_ITS]);
  });

  it('hears a person through the gatekeeper on results, and through the coordinator on what is no longer wanted', () => {
    const say = (author: string, action: 'approve' | 'cancel') =>
      new Run().open().assign().deliver().say(author, { type: 'directive', action, task: 'a', reason: 'a person' });
    const none = ['directive of who has no say in that'];
    expect(say(COORDINATOR, 'approve').ignored).toEqual(none);
    expect(say(GATEKEEPER, 'approve').state.tasks.get('a')?.directive?.approve).toBe(true);
    expect(say(GATEKEEPER, 'cancel').ignored).toEqual(none);
    expect(say(COORDINATOR, 'cancel').state.cancelled.has('a')).toBe(true);
  });

  it('is not closed while something is delivered and undecided, or owed', () => {
    const close = (run: Run) =>
      run.say(COORDINATOR, { type: 'run_closed', outcome: 'failed', state_sha256: sha256('') }).state.closed;
    expect(close(new Run().open().assign().deliver())).toBeUndefined();
    expect(close(new Run().open().assign().deliver().verdict(GATEKEEPER, true))).toBeUndefined();
    expect(close(new Run().open().assign().verdict(COORDINATOR, false, 'cancelled'))).toBe('failed');
  });

  it('knows the newest process of the gatekeeper, by its own word', () => {
    const run = new Run().open();
    const online = (session: string) => ({ type: 'gatekeeper_online' as const, session, address: '127.0.0.1:7' });
    run.say(COORDINATOR, online('x'));
    expect([run.state.gatekeeper, run.ignored]).toEqual([undefined, ['record of an author without authority']]);
    run.say(GATEKEEPER, online('1')).say(GATEKEEPER, online('2'));
    run.say(GATEKEEPER, { type: 'gatekeeper_offline', session: '1', reason: 'late' });
    expect(run.state.gatekeeper).toMatchObject({ life: 'online', session: '2', address: '127.0.0.1:7' });
    run.say(GATEKEEPER, { type: 'gatekeeper_offline', session: '2', reason: 'told to' });
    expect(run.state.gatekeeper).toMatchObject({ life: 'offline', session: '2', reason: 'told to' });
  });

  it('has another digest than the same records under another gatekeeper or escrow', () => {
    const other = (context: Partial<RunContext>) => stateDigest(new Run({}, context).state);
    const digests = [
      {},
      { gatekeeper: COORDINATOR },
      { escrow: COORDINATOR },
      { gatekeeper: undefined, escrow: undefined },
    ];
    expect(new Set(digests.map(other)).size).toBe(4);
  });
});
