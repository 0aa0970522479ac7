import { existsSync, readFileSync } from 'node:fs';
import { writePrivateFile } from '../private-file.js';
import { GatepostError } from '../vocabulary/errors.js';
import { ENV_FILE, type Environment, type EnvironmentVariable } from './environment.js';

/**
 * Sets variables in the `.env` file, readable by its owner only from then on. A line with a value stays as it is.
 * @throws GatepostError INVALID_CONFIG when one has a value there already, or the file cannot be written.
 */
export function addToEnvFile(values: Environment, file = ENV_FILE): void {
  try {
    let text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    for (const [name, value] of Object.entries(values)) text = withVariable(text, name as EnvironmentVariable, value);
    writePrivateFile(file, text);
  } catch (error) {
    if (error instanceof GatepostError) throw error;
    throw new GatepostError('INVALID_CONFIG', `cannot write ${file}: ${(error as Error).message}`, { file }, error);
  }
}

function withVariable(text: string, name: EnvironmentVariable, value: string): string {
  const line = new RegExp(`^${name}=(.*)$`, 'm');
  const found = line.exec(text);
  if (found === null) return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${name}=${value}\n`;
  if (found[1]?.trim() !== '') throw new GatepostError('INVALID_CONFIG', `${name} has a value in the file already`);
  return text.replace(line, () => `${name}=${value}`);
}
