/** A place on the network that a confined program may reach, by the name or address and the port that it asks for. */
export interface Exit {
  /** Lower case. */
  readonly host: string;
  readonly port: number;
}

const FORM = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+):(\d{1,5})$/;
const MAX_PORT = 65_535;

/** `example.org:443`, `192.0.2.1:443`, `[2001:db8::1]:443`; undefined for anything else, wildcards and URLs too. */
export function parseExit(text: string): Exit | undefined {
  const [, host = '', port = ''] = FORM.exec(text.toLowerCase()) ?? [];
  const number = Number(port);
  return host === '' || number < 1 || number > MAX_PORT ? undefined : { host, port: number };
}

export const exitName = ({ host, port }: Exit): string => `${host}:${port}`;

/**
 * Whether an address belongs to this host or to the link it is on, or to nobody: what a public name has no business to
 * mean. IPv4 within IPv6 is looked at as IPv4.
 */
export function isOwnAddress(address: string): boolean {
  const plain = address.toLowerCase().replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/, '');
  if (plain.includes('.')) return /^(0|127)\.|^169\.254\.|^(22[4-9]|2[3-5]\d)\./.test(plain);
  return plain === '::1' || plain === '::' || /^fe[89ab]|^ff|^::ffff:/.test(plain);
}

/** Most different places of an attempt that are counted by name. */
const MAX_NAMES = 100;

/** What was reached and refused in an attempt. */
export class ExitCounts {
  readonly #counts = new Map<string, number>();

  /** Whether this is the first time of its kind. */
  count(what: 'reached' | 'refused', name: string): boolean {
    const key = `${what} ${name}`;
    const before = this.#counts.get(key);
    const noted = before !== undefined || this.#counts.size < MAX_NAMES ? key : `${what} others`;
    this.#counts.set(noted, (this.#counts.get(noted) ?? 0) + 1);
    return before === undefined && noted === key;
  }

  /** One line, in the order of the first times; undefined when there was nothing. */
  get summary(): string | undefined {
    const parts = [...this.#counts].map(([key, count]) => `${key} ${count} ${count === 1 ? 'time' : 'times'}`);
    return parts.length === 0 ? undefined : `network: ${parts.join(', ')}`;
  }
}
