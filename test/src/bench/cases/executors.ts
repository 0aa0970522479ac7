import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync } from 'node:fs';
import { BENCHED_COMMAND, benchedExecutors, measureExecutor } from '@gatepost/agent-daemon/bench/executor-rates';
import { confinedArgv } from '@gatepost/shared/confinement/confined-argv';
import { probeConfinement, viewOf } from '@gatepost/shared/confinement/confinement';
import type { BenchCase, Contestant, Figures } from '../bench-case.js';

const ATTEMPTS = 5_000;
const SLOTS = 4;
/** A cage costs so much more than a call that fewer of them tell as much. */
const CAGES_SHARE = 10;

/** How many cages a second there can be, so many at a time. @throws Error when one fails. */
async function cageRate(cage: readonly string[], attempts: number): Promise<number> {
  const began = performance.now();
  const child = spawn('xargs', ['-P', `${SLOTS}`, '-I{}', ...cage], { stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin.end(Array.from({ length: attempts }, (_, n) => `${n}\n`).join(''));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`bubblewrap ended with ${code}`);
  return (attempts * 1_000) / (performance.now() - began);
}

/** The least cage that has the namespaces of an attempt, and a shell in it. */
const EMPTY_CAGE = [
  ...['bwrap', '--die-with-parent', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-net'],
  ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--', 'sh', '-c', 'echo 1'],
];

/** The very cage of the command that is measured, and the command in it. */
function cageOfAttempt(workDir: string): readonly string[] {
  const settings = { command: BENCHED_COMMAND, read: [], write: [], network: false };
  const view = viewOf(settings, { directories: [], files: [] });
  if (view.runAs !== undefined) chownSync(workDir, view.runAs, view.runAs);
  return confinedArgv('bubblewrap', BENCHED_COMMAND, { ...view, workDir, cwd: workDir });
}

/** What the kernel alone takes for the cage of a command: its namespaces and mounts, made and taken down, and programs begun. */
const bareCages = (attempts: number): Contestant => ({
  name: 'bubblewrap alone, no daemon',
  measure: async (directory) => ({
    'empty cages/s': await cageRate(EMPTY_CAGE, attempts),
    'cages of an attempt with its command/s': await cageRate(cageOfAttempt(directory), attempts),
  }),
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
