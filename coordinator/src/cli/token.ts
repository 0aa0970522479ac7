import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { printable } from '@gatepost/shared/vocabulary/printable';
import { Option } from 'commander';
import { ROLES, type Role } from '../core/service/roles.js';
import { type AddCommand, CONFIG_OPTION } from './command.js';
import { printJson } from './options.js';
import { table } from './table.js';

interface TokenOptions {
  readonly config: string;
  readonly json?: true;
}

/** Adds `token` with its commands to the command line. */
export const addToken: AddCommand = (program, exit) => {
  const token = program
    .command('token')
    .description('make, list and end the tokens of those who may ask coordinator serve');
  token
    .command('new')
    .description('make a token and print it, once; only its digest is kept')
    .requiredOption('--name <name>', 'whose it is, as the audit names them')
    .addOption(new Option('--role <roles...>', 'what it is for').choices(ROLES).makeOptionMandatory())
    .option(...CONFIG_OPTION)
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      `
Roles: read looks at everything; submit also submits plans, and cancels what it has submitted; approve also approves and
rejects results that wait for a person; admin does all, and cancels what others have submitted.

Examples:
  coordinator token new --name alice --role submit approve
  coordinator token new --name page --role read --json`,
    )
    .action(async (options: TokenOptions & { name: string; role: Role[] }) => {
      const { addToken: add } = await import('../shell/service/tokens.js');
      const { name, role: roles } = options;
      const made = add(await fileOf(options), name, roles);
      if (options.json === true) printJson({ name, roles, token: made });
      else process.stdout.write(`${made}\n`);
      exit(0);
    });
  token
    .command('list')
    .description('list whose tokens there are, and what they are for')
    .option(...CONFIG_OPTION)
    .option('--json', 'print a JSON array')
    .addHelpText('after', '\nExample:\n  coordinator token list')
    .action(async (options: TokenOptions) => {
      const { listTokens } = await import('../shell/service/tokens.js');
      const known = listTokens(await fileOf(options));
      if (options.json === true) printJson(known);
      else
        process.stdout.write(
          `${table(
            ['name', 'roles'],
            known.map(({ name, roles }) => [name, roles.join(', ')]),
          )}\n`,
        );
      exit(0);
    });
  token
    .command('end')
    .description('end a token; a coordinator that serves takes it no more')
    .requiredOption('--name <name>', 'whose it is')
    .option(...CONFIG_OPTION)
    .addHelpText('after', '\nExample:\n  coordinator token end --name alice')
    .action(async (options: TokenOptions & { name: string }) => {
      const { endToken } = await import('../shell/service/tokens.js');
      endToken(await fileOf(options), options.name);
      process.stdout.write(`the token of ${printable(options.name)} opens nothing any more\n`);
      exit(0);
    });
};

/** The file of tokens that the configuration names. @throws GatepostError INVALID_CONFIG */
async function fileOf({ config }: TokenOptions): Promise<string> {
  const { readConfig } = await import('../shell/setup/config-file.js');
  const file = readConfig(config)?.serve.tokens;
  if (file !== undefined) return file;
  throw new GatepostError(
    'INVALID_CONFIG',
    `${config}: no such file; make it with: coordinator init --config ${config}`,
  );
}
