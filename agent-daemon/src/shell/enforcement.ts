import { platform } from 'node:os';
import { canConfine } from './executors/confinement.js';

/** What `online` announces of it: names that a coordinator can compare. */
export function enforcementNames(): readonly string[] {
  if (platform() !== 'linux') return ['process_group'];
  return ['process_group', 'process_tree', 'usage', ...(canConfine() ? ['confine'] : [])];
}

/** What this host really enforces on executors, in words. */
export function enforcement(): readonly string[] {
  const everywhere = ['deadline', 'output size', 'log lines', 'environment allow-list', 'process group kill'];
  if (platform() !== 'linux') return [...everywhere, 'no memory or processor limits (no /proc)', 'no confinement'];
  return [
    ...everywhere,
    'process tree kill by /proc',
    'memory and processor time by sampling /proc',
    canConfine()
      ? 'confine: processes and no_network by namespaces'
      : 'confine: refused (no unshare, or user namespaces are switched off)',
    'no file system confinement: run the daemon as a user of its own, or in a container',
  ];
}
