import type { Command } from 'commander';

/** Text as roff takes it: backslashes, hyphens that must stay, and points and quotes that begin a line. */
const escaped = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gm, '\\&');

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`.SH ${title}`, ...lines];

/** Terms and what they mean. */
const entries = (terms: readonly { readonly term: string; readonly description: string }[]): readonly string[] =>
  terms.flatMap(({ term, description }) => ['.TP', `.B ${escaped(term)}`, escaped(description)]);

/** What stands behind the help of a command: how it works, examples, the environment. */
function afterHelp(command: Command): readonly string[] {
  const written: string[] = [];
  const { writeOut = (text: string) => process.stdout.write(text) } = command.configureOutput();
  command.configureOutput({ writeOut: (text) => void written.push(text) });
  command.outputHelp();
  command.configureOutput({ writeOut });
  const after = written.slice(1).join('').trim();
  return after === '' ? [] : ['.PP', '.nf', escaped(after), '.fi'];
}

function optionsOf(command: Command): readonly string[] {
  const help = command.createHelp();
  const options = help.visibleOptions(command).map((option) => ({
    term: help.optionTerm(option),
    description: help.optionDescription(option),
  }));
  const words = help.visibleArguments(command).map((argument) => ({
    term: help.argumentTerm(argument),
    description: help.argumentDescription(argument),
  }));
  return entries([...words, ...options]);
}

function commandOf(command: Command): readonly string[] {
  const usage = `${command.name()} ${command.usage()}`;
  return [`.SS ${escaped(usage)}`, escaped(command.description()), ...optionsOf(command), ...afterHelp(command)];
}

/** The manual page of a program, made of the definitions of its commands. @returns roff, for section 1 */
export function manPage(program: Command): string {
  const name = program.name();
  const commands = program.createHelp().visibleCommands(program);
  const own = commands.filter((command) => command.name() !== 'help');
  return [
    `.TH ${name.toUpperCase()} 1 "" "gatepost ${program.version()}" "Gatepost"`,
    ...section('NAME', [`${name} \\- ${escaped(program.description())}`]),
    ...section('SYNOPSIS', [`.B ${name}`, escaped(program.usage())]),
    ...section('OPTIONS', [...optionsOf(program), ...afterHelp(program)]),
    ...section('COMMANDS', own.flatMap(commandOf)),
    '',
  ].join('\n');
}
