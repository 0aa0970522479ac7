import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Assignment } from '../../src/core/assignment.js';
import {
  type Attempt,
  type AttemptCommand,
  type AttemptInput,
  newAttempt,
  stepAttempt,
} from '../../src/core/attempt.js';

const assignment: Assignment = {
  ref: { run: 'run', task: 'task', attempt: 1 },
  numbered: '#1',
  taskType: 'type',
  inputSha256: 'ab'.repeat(32),
  inputSize: 3,
  inlineInput: undefined,
  deadlineMs: 1_000,
  price: '1',
  token: '0.0.1',
  sequenceNumber: 1,
};

const input: fc.Arbitrary<AttemptInput> = fc.oneof(
  fc.record({ type: fc.constant('queued' as const), before: fc.nat(5) }),
  fc.record({ type: fc.constant('slot_granted' as const), nowMs: fc.nat(2_000) }),
  fc.record({
    type: fc.constant('executor_ended' as const),
    ending: fc.constantFrom(
      { outcome: 'ok' as const, reason: '', output: { sha256: 'cd'.repeat(32), size: 1 } },
      { outcome: 'failed' as const, reason: 'exit code 1' },
    ),
  }),
  fc.record({ type: fc.constant('cancelled' as const), reason: fc.constant('why') }),
  fc.constant({ type: 'deadline_passed' as const }),
  fc.constant({ type: 'shutdown' as const }),
  fc.record({ type: fc.constant('refused' as const), reason: fc.constant('no executor') }),
  fc.constant({ type: 'saved' as const }),
  fc.constant({ type: 'confirmed' as const, assignment }),
  fc.constant({ type: 'dropped' as const, reason: 'not on the inbox' }),
);

function replay(inputs: readonly AttemptInput[], confirmed = true): { attempt: Attempt; commands: AttemptCommand[] } {
  let attempt = newAttempt(assignment, 0, confirmed);
  const commands: AttemptCommand[] = [];
  for (const each of inputs) {
    const step = stepAttempt(attempt, each);
    attempt = step.attempt;
    commands.push(...step.commands);
  }
  return { attempt, commands };
}

const count = (commands: readonly AttemptCommand[], what: AttemptCommand['do']) =>
  commands.filter((command) => command.do === what).length;

describe('whatever happens to an attempt, in whatever order', () => {
  it('it is saved, finished and reported at most once, and never reported before it is saved', () => {
    fc.assert(
      fc.property(fc.array(input, { maxLength: 30 }), (inputs) => {
        const { commands } = replay(inputs);
        const order = commands.map((command) => command.do);
        expect(count(commands, 'save')).toBeLessThanOrEqual(1);
        expect(count(commands, 'announce_finished')).toBeLessThanOrEqual(count(commands, 'save'));
        expect(count(commands, 'report')).toBeLessThanOrEqual(count(commands, 'save'));
        if (order.includes('report')) expect(order.indexOf('save')).toBeLessThan(order.indexOf('report'));
      }),
    );
  });

  it('every slot that is taken is freed once, and nothing is executed after the end', () => {
    fc.assert(
      fc.property(fc.array(input, { maxLength: 30 }), (inputs) => {
        const { attempt, commands } = replay(inputs);
        const holds = attempt.phase === 'running' || attempt.phase === 'stopping' ? 1 : 0;
        const late =
          commands.filter((command) => command.do === 'free_slot').length - (count(commands, 'execute') - holds);
        // A slot granted after the deadline is given back without an execution.
        expect(late).toBeGreaterThanOrEqual(0);
        expect(late).toBeLessThanOrEqual(1);
        const order = commands.map((command) => command.do);
        expect(order.lastIndexOf('execute')).toBeLessThan(
          order.includes('save') ? order.indexOf('save') : order.length,
        );
      }),
    );
  });

  it('it always ends once it can no longer be stopped', () => {
    fc.assert(
      fc.property(fc.array(input, { maxLength: 20 }), (inputs) => {
        const { attempt } = replay([
          ...inputs,
          { type: 'cancelled', reason: 'end' },
          { type: 'executor_ended', ending: { outcome: 'failed', reason: 'stopped' } },
          { type: 'cancelled', reason: 'end' },
          { type: 'saved' },
        ]);
        expect(attempt.phase).toBe('finished');
      }),
    );
  });
});

describe('an attempt that only a dispatch knows of, whatever happens to it', () => {
  const untold = fc.array(
    input.filter(({ type }) => type !== 'confirmed'),
    { maxLength: 30 },
  );

  it('is neither saved nor told of before the inbox assigns it, and leaves nothing when it never does', () => {
    fc.assert(
      fc.property(untold, (inputs) => {
        const end: AttemptInput = { type: 'executor_ended', ending: { outcome: 'failed', reason: 'stopped' } };
        const { attempt, commands } = replay([...inputs, { type: 'dropped', reason: 'late' }, end], false);
        expect(attempt.phase).toBe('dropped');
        expect(count(commands, 'forget')).toBe(1);
        expect(count(commands, 'free_slot')).toBeGreaterThanOrEqual(count(commands, 'execute'));
        for (const what of ['save', 'report_started', 'announce_finished', 'report'] as const) {
          expect(count(commands, what)).toBe(0);
        }
      }),
    );
  });

  it('tells everything, once, when the inbox assigns it in the meantime', () => {
    fc.assert(
      fc.property(untold, fc.array(input, { maxLength: 20 }), (before, after) => {
        const early = replay(before, false);
        fc.pre(early.attempt.phase !== 'dropped' && early.attempt.stop?.why !== 'dropped');
        const { attempt, commands } = replay(
          [
            ...before,
            { type: 'confirmed', assignment },
            ...after,
            { type: 'cancelled', reason: 'end' },
            { type: 'executor_ended', ending: { outcome: 'failed', reason: 'stopped' } },
            { type: 'cancelled', reason: 'end' },
            { type: 'saved' },
          ],
          false,
        );
        expect(attempt.phase).toBe('finished');
        expect(count(commands, 'save')).toBe(1);
        expect(count(commands, 'report')).toBeLessThanOrEqual(1);
        if (count(commands, 'report_started') > 0) expect(count(commands, 'report')).toBe(1);
      }),
    );
  });
});

describe('an attempt', () => {
  it('that was cancelled before it started owes the journal nothing', () => {
    const { commands } = replay([{ type: 'queued', before: 0 }, { type: 'cancelled', reason: 'x' }, { type: 'saved' }]);
    expect(commands.map((command) => command.do)).toEqual([
      'announce_accepted',
      'leave_queue',
      'save',
      'announce_finished',
    ]);
  });

  it('that was stopped by the end of the daemon is as it was before it started', () => {
    const { attempt, commands } = replay([
      { type: 'queued', before: 0 },
      { type: 'slot_granted', nowMs: 0 },
      { type: 'shutdown' },
      { type: 'executor_ended', ending: { outcome: 'failed', reason: 'killed by SIGTERM' } },
    ]);
    expect(attempt).toMatchObject({ phase: 'assigned', starts: 1, ending: undefined });
    expect(count(commands, 'save')).toBe(0);
  });
});
