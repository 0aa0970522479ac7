import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { benchedExecutors, measureExecutor } from '@gatepost/agent-daemon/bench/executor-rates';
import { probeConfinement } from '@gatepost/shared/confinement/confinement';
import type { BenchCase, Contestant, Figures } from '../bench-case.js';

const ATTEMPTS = 5_000;
const SLOTS = 4;
/** A cage costs so much more than a call that fewer of them tell as much. */
const CAGES_SHARE = 10;

/** What the kernel alone takes for the cage of a command: its namespaces, made and taken down, and a shell in it. */
const bareCages = (attempts: number): Contestant => ({
  name: 'bubblewrap alone, the same namespaces, no daemon',
  measure: async () => {
    const own = ['--die-with-parent', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-net'];
    const sees = ['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc'];
    const cage = ['bwrap', ...own, ...sees, '--', 'sh', '-c', 'echo 1'];
    const began = performance.now();
    const child = spawn('xargs', ['-P', `${SLOTS}`, '-I{}', ...cage], { stdio: ['pipe', 'ignore', 'inherit'] });
    child.stdin.end(Array.from({ length: attempts }, (_, n) => `${n}\n`).join(''));
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`bubblewrap ended with ${code}`);
    return { 'cages/s': (attempts * 1_000) / (performance.now() - began) };
  },
});

/** Each kind of executor alone. */
export const executors: BenchCase = {
  title: `attempts that do nothing, by kind of executor, ${SLOTS} at a time: from work order to output`,
  rounds: 5,
  contestants: ({ tasks = ATTEMPTS }) => [
    {
      name: 'agent-daemon',
      measure: async (directory) => {
        const { executors: benched, close } = await benchedExecutors(directory, SLOTS, tasks);
        const figures: Record<string, number> = {};
        for (const one of benched) {
          const { perSecond, cpuUs } = await measureExecutor(one, directory, SLOTS);
          figures[`${one.name}, attempts/s`] = perSecond;
          figures[`${one.name}, daemon's processor us/attempt`] = cpuUs;
        }
        await close();
        return figures satisfies Figures;
      },
    },
    ...(probeConfinement().mechanism === 'bubblewrap' ? [bareCages(Math.ceil(tasks / CAGES_SHARE))] : []),
  ],
};
