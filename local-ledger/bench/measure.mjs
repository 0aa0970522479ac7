import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, release } from 'node:os';

const require = createRequire(import.meta.url);

/** The middle of some numbers; of an even count, the mean of the two in the middle. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The value below which `share` (0 to 1) of the numbers lie. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** Resident memory of a process in bytes, as Linux counts it. */
export function residentBytes(pid) {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? Number.NaN) * 1024;
}

/** What the numbers depend on. */
export function versions() {
  const versionOf = (name) => JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8')).version;
  const [cpu] = cpus();
  return {
    node: process.version,
    '@hashgraph/sdk': versionOf('@hashgraph/sdk'),
    '@grpc/grpc-js': versionOf('@grpc/grpc-js'),
    fastify: versionOf('fastify'),
    kernel: release(),
    cpus: `${cpus().length} x ${cpu?.model ?? 'unknown'}`,
  };
}
