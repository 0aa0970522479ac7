import { platform } from 'node:os';
import type { Executors } from '../config/executors.js';
import type { ExecutorSettings } from '../config/executors-schema.js';
import type { Confinement } from './executors/confinement.js';

/** What confinement gives one executor, as `online` names it. */
function confinementNames(settings: ExecutorSettings, { mechanism }: Confinement): readonly string[] {
  if (settings.command === undefined || settings.confine === 'none' || mechanism === 'none') return [];
  const network = settings.network ? [] : ['no_network'];
  return mechanism === 'bubblewrap' ? ['own_files', 'own_processes', ...network] : ['own_processes', ...network];
}

/** What `online` announces: what holds for every executor of this agent, in names that a coordinator can compare. */
export function enforcementNames(executors: Executors, confinement: Confinement): readonly string[] {
  const all = Object.values(executors);
  const commands = all.filter(({ command }) => command !== undefined);
  if (commands.length === 0 || commands.length < all.length) return [];
  const onLinux = platform() === 'linux' ? ['process_tree', 'usage'] : [];
  const [first = [], ...others] = commands.map((settings) => confinementNames(settings, confinement));
  const common = first.filter((name) => others.every((names) => names.includes(name)));
  return ['process_group', ...onLinux, ...common];
}

/** How one command is kept apart, in words. */
export function confinementOf(settings: ExecutorSettings, confinement: Confinement): string {
  const names = confinementNames(settings, confinement);
  if (names.length === 0) {
    return settings.confine === 'none' ? 'not confined' : `not confined (${confinement.lacking})`;
  }
  const words = names.map((name) => name.replace('_', ' ')).join(', ');
  return `confined: ${words}${names.includes('own_files') ? '' : ` (no own files: ${confinement.lacking})`}`;
}

/** What this host enforces on every command, in words. */
export function enforcement(): readonly string[] {
  const everywhere = ['deadline', 'output size', 'log lines', 'environment allow-list', 'process group kill'];
  if (platform() !== 'linux') return [...everywhere, 'no memory or processor limits (no /proc)'];
  return [...everywhere, 'process tree kill by /proc', 'memory and processor time by sampling /proc'];
}
