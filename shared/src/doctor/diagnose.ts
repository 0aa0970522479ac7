import type { Connection } from '../hedera/connection.js';
import { toGatepostError } from '../vocabulary/errors.js';
import { type Finding, fine, trouble } from './finding.js';

/** A configuration and the connection that it and the environment make. */
interface Subject<Config> {
  readonly config: Config;
  readonly connection: Connection;
}

/** What is wrong with what somebody wrote into a file or a variable. */
const OF_CONFIGURATION = new Set(['INVALID_CONFIG', 'INVALID_KEY', 'USAGE']);

/**
 * Reads a configuration and looks at everything it needs; one that cannot be read is the only finding.
 * @param file of the configuration.
 */
export async function diagnose<Config extends { readonly account: string }>(
  file: string,
  read: () => Promise<Subject<Config>>,
  examine: (connection: Connection, config: Config) => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  let subject: Subject<Config>;
  try {
    subject = await read();
  } catch (thrown) {
    const { code, message } = toGatepostError(thrown);
    if (!OF_CONFIGURATION.has(code)) throw thrown;
    return [trouble('configuration.invalid', message)];
  }
  const { config, connection } = subject;
  try {
    return [fine('configuration', `${file}, account ${config.account}`), ...(await examine(connection, config))];
  } finally {
    connection.close();
  }
}
