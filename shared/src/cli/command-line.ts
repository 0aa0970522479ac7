import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import tab from '@bomb.sh/tab/commander';
import { Command } from 'commander';

/** The version of the package a module belongs to. @param url of the module */
export function versionOf(url: string): string {
  let directory = dirname(fileURLToPath(url));
  while (!existsSync(join(directory, 'package.json')) && dirname(directory) !== directory)
    directory = dirname(directory);
  const { version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { readonly version: string };
  return version;
}

/** A command line that ends with an exception and not the process, and knows its version. @param url of a module of its package */
export const commandLine = (name: string, url: string): Command =>
  new Command(name)
    .version(versionOf(url), '-V, --version', 'print the version')
    .showHelpAfterError(`(${name} --help shows what there is)`)
    .exitOverride();

/** Adds `complete`, which makes the script for a shell and answers it, out of the commands that are there already. */
export function withCompletion(program: Command): Command {
  tab(program);
  const complete = program.commands.find((command) => command.name() === 'complete');
  complete?.description('print the completion script for bash, zsh, fish or powershell').addHelpText(
    'after',
    `
Examples:
  eval "$(${program.name()} complete bash)"
  ${program.name()} complete zsh > _${program.name()}`,
  );
  return program;
}
