import { platform } from 'node:os';
import { type Confinement, commandUser, isRoot } from '@gatepost/shared/confinement/confinement';
import type { Executors } from '../config/executors.js';
import { type ExecutorSettings, programOf } from '../config/executors-schema.js';

/** What confinement gives one executor, as `online` names it. */
function confinementNames(settings: ExecutorSettings, { mechanism }: Confinement): readonly string[] {
  if (programOf(settings) === undefined || settings.confine === 'none' || mechanism === 'none') return [];
  const network = settings.network === false ? ['no_network'] : settings.network === true ? [] : ['named_exits'];
  const files = mechanism === 'bubblewrap' ? ['own_files'] : [];
  // What has a process namespace of its own can leave nothing behind, and is measured as a whole.
  return [...files, 'own_processes', ...network, 'process_tree', 'usage'];
}

/** What `online` announces: what holds for every executor of this agent, in names that a coordinator can compare. */
export function enforcementNames(executors: Executors, confinement: Confinement): readonly string[] {
  const all = Object.values(executors);
  const commands = all.filter((settings) => programOf(settings) !== undefined);
  if (commands.length === 0 || commands.length < all.length) return [];
  const [first = [], ...others] = commands.map((settings) => confinementNames(settings, confinement));
  const common = first.filter((name) => others.every((names) => names.includes(name)));
  return ['process_group', ...common];
}

/** How one command is kept apart, in words. */
export function confinementOf(settings: ExecutorSettings, confinement: Confinement): string {
  const names = confinementNames(settings, confinement);
  if (names.length === 0) {
    return settings.confine === 'none' ? 'not confined' : `not confined (${confinement.lacking})`;
  }
  const words = names.map((name) => name.replace('_', ' ')).join(', ');
  const user = commandUser() === undefined ? '' : ', as nobody';
  return `confined: ${words}${user}${names.includes('own_files') ? '' : ` (no own files: ${confinement.lacking})`}`;
}

/** What this host enforces on every command, in words. */
export function enforcement(): readonly string[] {
  const everywhere = ['deadline', 'output size', 'log lines', 'environment allow-list', 'process group kill'];
  if (platform() !== 'linux') return [...everywhere, 'no memory or processor limits (no /proc)'];
  return [
    ...everywhere,
    'process tree kill and usage by /proc, which a command that is not confined can escape by a new session without its environment',
  ];
}

/** Who runs this daemon and what that means. */
export interface UserNotice {
  /** False when whoever gives this agent work can do everything on its host. */
  readonly safe: boolean;
  readonly text: string;
}

export function userNotice(executors: Executors, confinement: Confinement): UserNotice {
  if (!isRoot()) return { safe: true, text: `run by user ${process.geteuid?.() ?? 'unknown'}` };
  const asRoot = Object.entries(executors)
    .filter(([, settings]) => settings.http === undefined && confinementNames(settings, confinement).length === 0)
    .map(([taskType]) => taskType);
  if (asRoot.length === 0) return { safe: true, text: 'run by root; its commands are confined and run as nobody' };
  const who = `run by root: ${asRoot.join(', ')} can do everything on this host, and so can whoever gives this agent work`;
  return { safe: false, text: `${who}; run the daemon as a user of its own` };
}
