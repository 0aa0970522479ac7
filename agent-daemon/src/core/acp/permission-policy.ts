import type { RequestPermissionRequest, RequestPermissionResponse } from '@agentclientprotocol/sdk';
import picomatch from 'picomatch';

/** Allows what fits in everything that it names; at least one of them is given. */
export interface PermissionRule {
  /** ACP's kind of tool call, such as `read`, `edit` or `execute`. */
  readonly kind?: string | undefined;
  /** Glob for every file that the call names, relative to the attempt's directory. */
  readonly path?: string | undefined;
  /** The whole command, or a glob for it: one simple command, in which `*` stands for words. */
  readonly command?: string | undefined;
}

/** What a shell takes for more than words. */
const SHELL = /[;&|`$<>(){}\n\r\\!#]/;

type ToolCall = RequestPermissionRequest['toolCall'];

/** The command that a tool call says it runs; adapters put it into `rawInput.command`, as text or as words. */
function commandOf({ rawInput }: ToolCall): string | undefined {
  const { command } = (typeof rawInput === 'object' && rawInput !== null ? rawInput : {}) as { command?: unknown };
  if (typeof command === 'string') return command;
  const isWords = Array.isArray(command) && command.every((word) => typeof word === 'string');
  return isWords ? command.join(' ') : undefined;
}

function fitsCommand(pattern: string, command: string | undefined): boolean {
  if (command === undefined) return false;
  if (command === pattern) return true;
  const expression = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return !SHELL.test(command) && new RegExp(`^${expression.join('.*')}$`).test(command);
}

/** Without a file it says nothing of files. A path with `..`, or outside the directory, fits no glob. */
function fitsPath(glob: string, toolCall: ToolCall, directory: string): boolean {
  const paths = (toolCall.locations ?? []).map(({ path }) => path);
  const relative = paths.map((path) => (path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : path));
  const isMatch = picomatch(glob, { dot: true });
  const isInside = (path: string) => !path.startsWith('/') && !path.split('/').includes('..');
  return paths.length > 0 && relative.every((path) => isInside(path) && isMatch(path));
}

const allows = ({ kind, path, command }: PermissionRule, toolCall: ToolCall, directory: string): boolean =>
  (kind === undefined || toolCall.kind === kind) &&
  (path === undefined || fitsPath(path, toolCall, directory)) &&
  (command === undefined || fitsCommand(command, commandOf(toolCall)));

/** A request of an agent to be allowed something, and what it is told. */
export interface Permission {
  readonly isAllowed: boolean;
  readonly response: RequestPermissionResponse;
}

/**
 * Answers an agent that asks to be allowed a tool call: it is allowed when a rule fits, and only this once. What the agent
 * says of its call is its own word; what it can reach is decided by the confinement of its process.
 */
export function decidePermission(
  { toolCall, options }: RequestPermissionRequest,
  rules: readonly PermissionRule[],
  directory: string,
): Permission {
  const isAllowed = rules.some((rule) => allows(rule, toolCall, directory));
  const kinds = isAllowed ? ['allow_once', 'allow_always'] : ['reject_once', 'reject_always'];
  const option = kinds.flatMap((kind) => options.find((one) => one.kind === kind) ?? [])[0];
  // An agent that offers no answer of the kind is told that it gets none.
  if (option === undefined) return { isAllowed: false, response: { outcome: { outcome: 'cancelled' } } };
  return { isAllowed, response: { outcome: { outcome: 'selected', optionId: option.optionId } } };
}
