import { expect, it } from 'vitest';
import { planOf, taskOf } from './plans.js';
import { Simulation } from './simulation.js';

/** Milliseconds of processor time that a run of so many independent or chained tasks takes. */
function cost(tasks: number): number {
  const plan = planOf(
    Array.from({ length: tasks }, (_, index) =>
      taskOf(`t${index}`, {
        sequence: `s${index % 2}`,
        dependsOn: index % 10 === 9 ? [`t${index - 2}`] : [],
        gates: [{ kind: 'none' }],
      }),
    ),
  );
  const simulation = new Simulation({ plan, seed: 1, agents: 20, slots: 50, batchMs: 50 });
  const started = process.cpuUsage();
  simulation.run(10_000_000);
  const { user, system } = process.cpuUsage(started);
  expect(simulation.state.paid).toBe(BigInt(tasks) * 10n);
  expect(simulation.state.closed).toBe('complete');
  return (user + system) / 1_000;
}

it('100,000 tasks cost about ten times what 10,000 cost', { timeout: 120_000 }, () => {
  cost(2_000);
  const small = cost(10_000);
  const large = cost(100_000);
  // Quadratic time would be a hundred times as much.
  expect(large, `${Math.round(small)} ms for 10,000 and ${Math.round(large)} ms for 100,000`).toBeLessThan(small * 25);
});

it('a decision over 100,000 ready tasks with nobody to do them looks at few of them', () => {
  const plan = planOf(Array.from({ length: 100_000 }, (_, index) => taskOf(`t${index}`, { type: 'unknown' })));
  const simulation = new Simulation({ plan, seed: 1 });
  while (!simulation.state.opened) {
    simulation.step();
  }
  const started = process.hrtime.bigint();
  for (let pass = 0; pass < 100; pass += 1) simulation.tick();
  const millis = Number(process.hrtime.bigint() - started) / 1e6;
  expect(millis, 'milliseconds for 100 decisions').toBeLessThan(1_000);
});
