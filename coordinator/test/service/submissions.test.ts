import {
  answer,
  type RunRequest,
  runsToOpen,
  type ServiceBounds,
  type Submission,
  servedRuns,
} from '@gatepost/coordinator/core/service/submissions';
import { emptyIndex, type JournalIndex } from '@gatepost/rules/run/journal-index';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import type { TokenId } from '@gatepost/shared/vocabulary/ids';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const BOUNDS: ServiceBounds = { openRuns: 3, waitingRuns: 5 };

const request = (key: string, plan = 'plan', more: Partial<RunRequest> = {}): RunRequest => ({
  key,
  plan: sha256(plan),
  weight: 1,
  mostOpen: 100,
  ...more,
});

/** What a coordinator that serves leaves behind: its durable submissions, and the journal. */
class Service {
  readonly submissions: Submission[] = [];
  readonly index: JournalIndex = emptyIndex();
  readonly withdrawn = new Set<string>();
  readonly openings: string[] = [];

  submit(asked: RunRequest) {
    const answered = answer(asked, this.submissions, this.withdrawn, this.index, BOUNDS);
    if ('isNew' in answered && answered.isNew) this.submissions.push(answered.submission);
    return answered;
  }

  runs() {
    return servedRuns(this.submissions, this.withdrawn, this.index);
  }

  /** Withdraws the first that waits. */
  withdraw(): void {
    const first = this.runs().find(({ state }) => state === 'waiting');
    if (first !== undefined) this.withdrawn.add(first.run);
  }

  /** Opens what is to be opened, but a process that is killed comes no further than `most`. */
  open(most = Number.POSITIVE_INFINITY): void {
    for (const { run, plan } of runsToOpen(this.runs(), BOUNDS).slice(0, most)) {
      this.openings.push(run);
      const about = { run, plan, name: 'p', tasks: 1, token: '0.0.1' as TokenId };
      this.index.runs.set(run, { ...about, accepted: new Set(), closed: undefined });
    }
  }

  close(): void {
    const run = [...this.index.runs.values()].find(({ closed }) => closed === undefined);
    if (run !== undefined) run.closed = 'complete';
  }
}

describe('a request', () => {
  it('that is sent again is the same, and no further run', () => {
    const service = new Service();
    const first = service.submit(request('k'));
    expect(first).toMatchObject({ isNew: true, submission: { run: `${sha256('plan').slice(0, 12)}-1`, ordinal: 1 } });
    service.open();
    service.close();
    expect(service.submit(request('k'))).toMatchObject({ isNew: false, submission: { ordinal: 1 } });
    expect(service.submissions).toHaveLength(1);
  });

  it.each([
    ['another plan', request('k', 'other')],
    ['another weight', request('k', 'plan', { weight: 2 })],
    ['another bound', request('k', 'plan', { mostOpen: 1 })],
  ])('with the key of an earlier one for %s is refused', (_what, other) => {
    const service = new Service();
    service.submit(request('k'));
    expect(service.submit(other)).toMatchObject({ refused: 'another_request', earlier: { key: 'k' } });
    expect(service.submissions).toHaveLength(1);
  });

  it('is refused when as many wait as may, and taken when one was opened', () => {
    const service = new Service();
    for (const key of ['1', '2', '3', '4', '5']) service.submit(request(key));
    expect(service.submit(request('6'))).toEqual({ refused: 'too_many' });
    service.open();
    expect(service.submit(request('6'))).toMatchObject({ isNew: true });
  });

  it('that was withdrawn is never opened, makes room for another, and stays the same when it is sent again', () => {
    const service = new Service();
    for (const key of ['1', '2', '3', '4', '5']) service.submit(request(key));
    service.withdraw();
    expect(service.submit(request('6'))).toMatchObject({ isNew: true });
    expect(service.submit(request('1'))).toMatchObject({ isNew: false, submission: { ordinal: 1 } });
    service.open();
    expect(service.runs().map(({ state }) => state)).toEqual([
      'withdrawn',
      'open',
      'open',
      'open',
      'waiting',
      'waiting',
    ]);
  });

  it('never gets the id of a run that the journal has', () => {
    const service = new Service();
    const taken = `${sha256('plan').slice(0, 12)}-1`;
    const about = { run: taken, plan: sha256('plan'), name: 'p', tasks: 1, token: '0.0.1' as TokenId };
    service.index.runs.set(taken, { ...about, accepted: new Set(), closed: 'failed' });
    expect(service.submit(request('k'))).toMatchObject({ submission: { run: `${sha256('plan').slice(0, 12)}-2` } });
  });
});

it('whatever is submitted, opened, closed or killed: nothing is lost, opened twice, overtaken or beyond a bound', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('submit' as const), key: fc.nat(30), plan: fc.nat(3) }),
      fc.record({ kind: fc.constant('open' as const), most: fc.nat(4) }),
      fc.record({ kind: fc.constant('close' as const) }),
      fc.record({ kind: fc.constant('withdraw' as const) }),
    ),
    { maxLength: 80 },
  );
  fc.assert(
    fc.property(steps, (taken) => {
      const service = new Service();
      const acknowledged = new Set<string>();
      for (const step of taken) {
        if (step.kind === 'submit') {
          const answered = service.submit(request(`k${step.key}`, `p${step.plan}`));
          if ('submission' in answered) acknowledged.add(answered.submission.run);
        } else if (step.kind === 'open') service.open(step.most);
        else if (step.kind === 'close') service.close();
        else service.withdraw();
        const runs = service.runs();
        expect(runs.filter(({ state }) => state === 'open').length).toBeLessThanOrEqual(BOUNDS.openRuns);
        expect(runs.filter(({ state }) => state === 'waiting').length).toBeLessThanOrEqual(BOUNDS.waitingRuns);
        expect(new Set(runs.map(({ run }) => run))).toEqual(acknowledged);
      }
      while (service.openings.length < acknowledged.size - service.withdrawn.size) {
        service.close();
        service.open();
      }
      expect(service.openings).toEqual(
        service.submissions.map(({ run }) => run).filter((run) => !service.withdrawn.has(run)),
      );
    }),
  );
});
