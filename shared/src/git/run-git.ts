import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { variablesFor } from '../config/environment.js';
import { killTree, MARKER_VARIABLE } from '../process-tree.js';

/** Something that Git was asked for and did not do; its message is what Git said. */
export class GitFailure extends Error {}

export interface GitOptions {
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly timeoutMs: number;
  readonly stdin?: Uint8Array | undefined;
  /** Bytes that it may print. */
  readonly maxPrinted: number;
  /** Bytes that a single file may have that it writes. */
  readonly maxFileBytes: number;
  /** Variables beside the fixed ones, such as GIT_INDEX_FILE. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What this process's own environment may say: where programs are, the way out, and whom to trust. */
const VARIABLES = ['PATH', 'HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy', 'GIT_SSL_CAINFO', 'GIT_SSL_CAPATH'];

/** Certificates as programs of OpenSSL are told; what Git is linked with may not look there by itself. */
function trustedOtherwise(): Record<string, string> {
  const { SSL_CERT_FILE: file, SSL_CERT_DIR: directory } = variablesFor(['SSL_CERT_FILE', 'SSL_CERT_DIR']);
  return {
    ...(file === undefined ? {} : { GIT_SSL_CAINFO: file }),
    ...(directory === undefined ? {} : { GIT_SSL_CAPATH: directory }),
  };
}

/**
 * No configuration but ours, no questions, and only protocols that fetch. Neither a user's nor a system's settings, nor
 * replaced objects, count.
 */
const FIXED = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_ALLOW_PROTOCOL: 'https:file',
  GIT_TERMINAL_PROMPT: '0',
  // Empty: no program is asked instead, whatever else names one.
  GIT_ASKPASS: '',
  HOME: '/nonexistent',
  LC_ALL: 'C',
};

const SETTINGS = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.autocrlf=false',
  'core.attributesFile=/dev/null',
  'core.excludesFile=/dev/null',
  'credential.helper=',
  'http.followRedirects=false',
  'protocol.version=2',
  'submodule.recurse=false',
  'fetch.fsckObjects=true',
  // One file, whose size is bounded.
  'fetch.unpackLimit=1',
  // What old but honest histories have.
  'fetch.fsck.zeroPaddedFilemode=ignore',
  'fetch.fsck.badTimezone=ignore',
  'fetch.fsck.missingSpaceBeforeDate=ignore',
  'gc.auto=0',
  'maintenance.auto=false',
  'pack.threads=1',
  'init.defaultBranch=main',
].flatMap((setting) => ['-c', setting]);

/** Memory of one process of Git, in KiB: a small patch can stand for a large file. */
const MEMORY_KIB = 4 * 1_048_576;
const LIMITED = 'ulimit -f "$1"; ulimit -v "$2"; shift 2; exec git "$@"';
const ERROR_BYTES = 4_096;
/** What POSIX counts files in. */
const BLOCK_BYTES = 512;

interface Ending {
  readonly code: number | null;
  readonly error: Error | undefined;
}

const endOf = (child: ChildProcess): Promise<Ending> =>
  new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, error }));
    child.once('close', (code) => resolve({ code, error: undefined }));
  });

/** Git's own first complaint, else its last line. */
function complaint(stderr: string): string {
  const lines = stderr.trim().split('\n');
  const line = lines.find((text) => /^(fatal|error):/.test(text)) ?? lines.at(-1) ?? '';
  const said = line.replace(/^(fatal|error): /, '') || 'no reason given';
  return /^could not read (Username|Password)/.test(said)
    ? `${said}; the server wants credentials, and repositories are fetched without any`
    : said;
}

/**
 * Runs `git` with nothing of this host's configuration, within bounds of time, memory and file size.
 * @returns what it printed.
 * @throws GitFailure
 */
export async function runGit(args: readonly string[], options: GitOptions): Promise<Buffer> {
  const { signal, timeoutMs, stdin, maxPrinted, maxFileBytes, env } = options;
  const marker = randomUUID();
  const bounds = [`${Math.ceil(maxFileBytes / BLOCK_BYTES)}`, `${MEMORY_KIB}`];
  const child = spawn('sh', ['-c', LIMITED, 'sh', ...bounds, ...SETTINGS, ...args], {
    cwd: '/',
    env: { ...trustedOtherwise(), ...variablesFor(VARIABLES), ...FIXED, ...env, [MARKER_VARIABLE]: marker },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  let failure: string | undefined;
  const end = (reason: string) => {
    failure ??= reason;
    void killTree(child.pid ?? 0, marker);
  };
  const printed: Buffer[] = [];
  let size = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxPrinted) printed.push(chunk);
    else end('it is too large');
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    if (said.length < ERROR_BYTES) said += chunk.toString('utf8');
  });
  // It need not read what it is given.
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin ?? '');
  const timer = setTimeout(() => end(`it took longer than ${timeoutMs / 1_000} s`), timeoutMs);
  const stop = () => end('it was stopped');
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const { code, error } = await endOf(child);
  clearTimeout(timer);
  signal.removeEventListener('abort', stop);
  if (failure !== undefined) throw new GitFailure(failure);
  if (error !== undefined) throw new GitFailure(`git cannot be run: ${error.message}`);
  if (code !== 0) throw new GitFailure(complaint(said));
  return Buffer.concat(printed);
}
