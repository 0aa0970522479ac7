import { RunDesk } from '@gatepost/coordinator/shell/run/run-desk';
import { Waits } from '@gatepost/coordinator/shell/run/waits';
import { FETCH_SILENCE_MS, MAX_FETCHES, OutputFetches } from '@gatepost/party/agents/output-fetches';
import type { Clock } from '@gatepost/shared/clock';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { MAX_OUTPUT_BYTES } from '@gatepost/shared/vocabulary/session-bounds';
import { describe, expect, it } from 'vitest';
import { planOf, taskOf } from './core/plans.js';
import { Simulation } from './core/simulation.js';

/** A clock that is set by hand. */
class Hands implements Clock {
  #ms = 0;
  readonly #timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();
  nowMs = () => this.#ms;
  soon = (callback: () => void) => callback();
  at(atMs: number, callback: () => void) {
    const timer = { atMs, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }
  pass(ms: number) {
    this.#ms += ms;
    for (const timer of [...this.#timers]) {
      if (timer.atMs > this.#ms) continue;
      this.#timers.delete(timer);
      timer.callback();
    }
  }
}

const bytes = (text: string, size: number) => Buffer.alloc(size, text);

function session() {
  const clock = new Hands();
  const asked: string[] = [];
  const fetches = new OutputFetches((digest) => void asked.push(digest.toString('hex')), clock);
  const send = (output: Buffer, from: number, to: number) =>
    fetches.chunk({
      sha256: Buffer.from(sha256(output), 'hex'),
      offset: BigInt(from),
      data: output.subarray(from, to),
      last: to >= output.length,
    });
  return { clock, asked, fetches, send };
}

describe('an output', () => {
  it('comes whole, in parts, and once for all who ask', async () => {
    const { fetches, send, asked } = session();
    const output = bytes('a', 100);
    const wanted = [fetches.fetch(sha256(output), 100), fetches.fetch(sha256(output), 100)];
    send(output, 0, 60);
    send(output, 60, 100);
    expect(await Promise.all(wanted)).toEqual([output, output]);
    expect(asked).toHaveLength(1);
  });

  it('that has more bytes than its result declared is dropped with the first byte too many', async () => {
    const { fetches, send } = session();
    const output = bytes('a', 100);
    const wanted = expect(fetches.fetch(sha256(output), 99)).rejects.toMatchObject({ code: 'OUTPUT_CORRUPT' });
    send(output, 0, 60);
    send(output, 60, 100);
    await wanted;
  });

  it('that declares more than is taken is not asked for', async () => {
    const { fetches, asked } = session();
    const wanted = fetches.fetch(sha256('a'), MAX_OUTPUT_BYTES + 1);
    await expect(wanted).rejects.toMatchObject({
      code: 'OUTPUT_CORRUPT',
      message: expect.stringContaining('268435456'),
    });
    expect(asked).toEqual([]);
  });

  it('that does not come is not waited for without end; one that comes slowly is', async () => {
    const { fetches, send, clock } = session();
    const [never, slow] = [bytes('n', 10), bytes('s', 10)];
    const lost = expect(fetches.fetch(sha256(never), 10)).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
    const found = fetches.fetch(sha256(slow), 10);
    for (let at = 0; at < 10; at += 1) {
      clock.pass(FETCH_SILENCE_MS - 1);
      send(slow, at, at + 1);
    }
    await lost;
    expect(await found).toEqual(slow);
  });

  it('waits for its turn when many are wanted', async () => {
    const { fetches, send, asked } = session();
    const outputs = Array.from({ length: MAX_FETCHES * 3 }, (_, each) => bytes(`${each}-`, 10));
    const wanted = outputs.map((output) => fetches.fetch(sha256(output), 10));
    for (const [index, output] of outputs.entries()) {
      expect(asked).toHaveLength(Math.min(outputs.length, index + MAX_FETCHES));
      send(output, 0, 10);
    }
    expect(await Promise.all(wanted)).toEqual(outputs);
  });
});

it('of the outputs that come unasked only the first of an open attempt is kept, from its own agent and as it is named', () => {
  const simulation = new Simulation({ plan: planOf([taskOf('t')]), seed: 1, agents: 2, silent: 1 });
  while (simulation.state.openAttempts === 0) simulation.step();
  const own = simulation.state.tasks.get('t')?.attempts[0]?.agent;
  const [other] = [...simulation.state.agents.keys()].filter((agent) => agent !== own);
  if (own === undefined || other === undefined) throw new Error('two agents, one with an attempt');
  const kept: string[] = [];
  const clock = new Hands();
  const parts = { state: simulation.state, store: { put: (output: Buffer) => kept.push(String(output)) }, clock };
  const desk = new RunDesk({ ...parts, waits: new Waits(clock) } as never);
  const finished = (agent: typeof own, output: string, named = output, task = 't', attempt = 1) =>
    desk.event(agent, {
      ref: { run: 'run-1', task, attempt },
      event: 1n,
      atUnixMs: 0n,
      kind: {
        $case: 'finished',
        value: {
          outcome: 1,
          reason: '',
          outputSha256: Buffer.from(sha256(named), 'hex'),
          outputSize: BigInt(named.length),
          output: Buffer.from(output),
          usage: undefined,
        },
      },
    });
  finished(other, 'of another');
  finished(own, 'not as', 'named');
  finished(own, 'of no task', undefined, 'u');
  finished(own, 'of no attempt', undefined, 't', 2);
  for (let again = 0; again < 100; again += 1) finished(own, `output ${again}`);
  expect(kept).toEqual(['output 0']);
});
