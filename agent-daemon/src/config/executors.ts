import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { absoluteRepositories } from '@gatepost/shared/config/repositories';
import { readYamlFile } from '@gatepost/shared/config/yaml-file';
import { type ExecutorSettings, executorsSchema } from './executors-schema.js';

export type Executors = Readonly<Record<string, ExecutorSettings>>;

/** The program is looked up on PATH unless it is written as a path; other arguments may name files beside the file. */
function absoluteArgument(directory: string, argument: string, index: number): string {
  if (index === 0) return /[/\\]/.test(argument) ? resolve(directory, argument) : argument;
  if (argument.startsWith('-')) return argument;
  const path = resolve(directory, argument);
  return existsSync(path) && statSync(path).isFile() ? path : argument;
}

/** Resolves the paths of executors against the directory of the file they stand in. */
export function resolveExecutors(executors: Executors, directory: string): Executors {
  const entries = Object.entries(executors).map(([taskType, executor]) => {
    const { command, acp, module, cwd, read, write, repositories } = executor;
    const words = (program: readonly string[]) =>
      program.map((argument, index) => absoluteArgument(directory, argument, index));
    const absolute = (path: string) => resolve(directory, path);
    const resolved: ExecutorSettings = {
      ...executor,
      ...(command && { command: words(command) }),
      ...(acp && { acp: words(acp) }),
      ...(module !== undefined && { module: absolute(module) }),
      ...(cwd !== undefined && { cwd: absolute(cwd) }),
      read: read.map(absolute),
      write: write.map(absolute),
      repositories: absoluteRepositories(repositories, directory),
    };
    return [taskType, resolved] as const;
  });
  return Object.fromEntries(entries);
}

/**
 * Reads a file that maps task types to executors.
 * @throws GatepostError INVALID_CONFIG
 */
export function readExecutorsFile(path: string): Executors {
  return resolveExecutors(readYamlFile(path, executorsSchema, 'agent-daemon'), dirname(resolve(path)));
}
