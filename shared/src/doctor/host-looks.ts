import { existsSync, mkdtempSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ENV_FILE, ENVIRONMENT, type ProxyUse, proxyFor, variablesIn } from '../config/environment.js';
import { connects } from '../hedera/reachability.js';
import { splitAddress } from '../vocabulary/address.js';
import { type Finding, fine, trouble } from './finding.js';

/** A file of so many bytes must find room. */
const PROBE_BYTES = 4_096;
const LOW_DISK_BYTES = 1_073_741_824;
/** Majors with long-term support that this release was tried with. */
const TRIED_NODES = ['20', '22', '24', '26'];

/** The version of Node.js; one that is too old does not get here. */
export function lookAtNodeVersion(version = process.versions.node): Finding {
  const [major = ''] = version.split('.');
  const detail = `Node.js ${version}`;
  return TRIED_NODES.includes(major) ? fine('node-version', detail) : trouble('node-version.untried', detail);
}

/** Files with private keys that others may read. @param keyFiles beside `.env` of the working directory. */
export function lookAtFiles(keyFiles: readonly string[]): readonly Finding[] {
  const envFile = resolve(ENV_FILE);
  const secret = Object.keys(variablesIn(envFile)).some((name) => ENVIRONMENT[name as keyof typeof ENVIRONMENT].secret);
  const files = [...(secret ? [envFile] : []), ...keyFiles].filter((file) => existsSync(file));
  const open = files.filter((file) => process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0);
  if (open.length > 0) {
    const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);
    return open.map((file) => trouble('files.open', `${file} has mode ${mode(file)}`));
  }
  return [fine('files', files.length === 0 ? 'no file with a key' : `${files.join(', ')}: its owner alone`)];
}

/** The deepest directory of a path that is there. */
function existing(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existing(dirname(path));
}

/** Whether state can be written below a directory: makes a file there and removes it again. */
export function lookAtDisk(directory: string): Finding {
  const there = existing(directory);
  try {
    const own = mkdtempSync(join(there, '.gatepost-doctor-'));
    try {
      writeFileSync(join(own, 'probe'), Buffer.alloc(PROBE_BYTES));
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
  } catch (error) {
    return trouble('disk.not-writable', `${directory}: ${(error as Error).message}`);
  }
  const { bavail, bsize } = statfsSync(there);
  const free = bavail * bsize;
  const detail = `${directory}, ${Math.round(free / 1_048_576)} MiB free`;
  return free < LOW_DISK_BYTES ? trouble('disk.low', detail) : fine('disk', detail);
}

/** The proxies that gRPC would use for addresses, host:port. */
export async function lookAtProxies(addresses: readonly string[]): Promise<readonly Finding[]> {
  const used = new Map<string, { readonly proxy: ProxyUse; readonly hosts: Set<string> }>();
  for (const { host } of addresses.map(splitAddress)) {
    const proxy = proxyFor(host);
    if (proxy === undefined) continue;
    const known = used.get(proxy.address) ?? { proxy, hosts: new Set() };
    used.set(proxy.address, { proxy, hosts: known.hosts.add(host) });
  }
  if (used.size === 0) return [fine('proxy', 'none is used')];
  return Promise.all(
    [...used.values()].map(async ({ proxy: { variable, address }, hosts }) => {
      const detail = `${[...hosts].join(', ')} through ${variable}, ${address}`;
      return (await connects(address)) ? trouble('proxy.used', detail) : trouble('proxy.unreachable', detail);
    }),
  );
}
