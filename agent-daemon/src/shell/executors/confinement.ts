import { spawnSync } from 'node:child_process';

/** How far a command is kept apart. `processes`: it sees no process but its own. `no_network`: nor any network. */
export type Confinement = 'none' | 'processes' | 'no_network';

/**
 * The command line that runs a program confined, by util-linux's unshare: a user and a process namespace of its own with
 * its own /proc, so that it can neither see the daemon nor read its environment, and nothing it starts can outlive it.
 */
export function confined(argv: readonly string[], how: Confinement): readonly string[] {
  if (how === 'none') return argv;
  const network = how === 'no_network' ? ['--net'] : [];
  const own = ['--user', '--map-current-user', '--pid', '--fork', '--kill-child', '--mount-proc', ...network];
  return ['unshare', ...own, '--', ...argv];
}

let available: boolean | undefined;

/** Whether this host's kernel and user may do that; tried once. */
export function canConfine(): boolean {
  if (available === undefined) {
    const [program = '', ...args] = confined(['true'], 'no_network');
    available = spawnSync(program, args, { stdio: 'ignore', timeout: 5_000 }).status === 0;
  }
  return available;
}
