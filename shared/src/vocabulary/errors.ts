/** Who has to act on an error. */
export type Actor = 'user' | 'operator' | 'agent' | 'developer';

/** Every exit code that a command of ours ends with by itself, and what it says; docs/environment.md lists them. */
export const EXIT_CODES = {
  0: 'all was done that was asked for',
  1: 'something failed, was refused or is not as it should be; what was printed says what, and what to do',
  2: 'bad input: an option, a plan, a configuration, a key, or a Node.js that is too old; nothing was started',
  70: 'a fault of the program',
  130: 'interrupted by a signal; the same command goes on where it was',
  141: 'whoever read its output has gone away',
} as const;

type ExitCode = keyof typeof EXIT_CODES;

interface ErrorKind {
  /** Exit code of a command that ends with this error. */
  readonly exitCode: ExitCode;
  readonly actor: Actor;
  /** What that actor can do about it. */
  readonly advice: string;
}

/** Every error the product raises on purpose; docs/errors.md is compared with this table by a test. */
export const ERROR_KINDS = {
  USAGE: { exitCode: 2, actor: 'user', advice: 'See --help of the command.' },
  INVALID_PLAN: { exitCode: 2, actor: 'user', advice: 'Mend the plan file at the named line; nothing was started.' },
  INVALID_CONFIG: { exitCode: 2, actor: 'user', advice: 'Mend the named setting; .env.example lists them all.' },
  INVALID_KEY: {
    exitCode: 2,
    actor: 'user',
    advice: 'Give the private key as DER hex, or as ed25519:<hex> or ecdsa:<hex>.',
  },
  RECORD_TOO_LARGE: {
    exitCode: 1,
    actor: 'developer',
    advice: 'A record must fit one topic message; move the payload off the ledger.',
  },
  LEDGER_REJECTED: {
    exitCode: 1,
    actor: 'operator',
    advice: 'The status names the reason; nothing was changed by it.',
  },
  LEDGER_UNREACHABLE: { exitCode: 1, actor: 'operator', advice: 'Check the node address and the network.' },
  CLOCK_SKEW: {
    exitCode: 1,
    actor: 'operator',
    advice: 'Set the clock of this host, for example with NTP; the network takes no transaction of another time.',
  },
  OUTCOME_UNKNOWN: {
    exitCode: 1,
    actor: 'operator',
    advice: 'Run the command again; it asks the mirror for the same transaction id before anything new is made.',
  },
  MIRROR_UNREACHABLE: { exitCode: 1, actor: 'operator', advice: 'Check the mirror addresses and the network.' },
  MIRROR_TIMEOUT: { exitCode: 1, actor: 'operator', advice: 'The mirror lags; run the command again.' },
  NOT_FOUND: { exitCode: 1, actor: 'user', advice: 'Check the id and the network it belongs to.' },
  AGENT_UNREACHABLE: {
    exitCode: 1,
    actor: 'operator',
    advice: 'Check that the daemon runs and its address is reachable.',
  },
  AGENT_UNTRUSTED: {
    exitCode: 1,
    actor: 'operator',
    advice: 'The daemon did not prove who it is; do not use that address until its certificate is on the ledger.',
  },
  AGENT_REFUSED: { exitCode: 1, actor: 'operator', advice: 'The status names the reason.' },
  OUTPUT_CORRUPT: { exitCode: 1, actor: 'agent', advice: 'The bytes do not match their digest; they were dropped.' },
  STORE_FAILED: { exitCode: 1, actor: 'operator', advice: 'Check the disk and the data directory.' },
  ARTIFACTS_UNAVAILABLE: {
    exitCode: 1,
    actor: 'operator',
    advice:
      'Check the store that artifacts: names, and the credentials for it; the same command then stores what is missing.',
  },
  ALREADY_RUNNING: {
    exitCode: 1,
    actor: 'operator',
    advice: 'Stop the other daemon first, or give this host an account of its own; one account belongs to one daemon.',
  },
  LEFT_UNDONE: {
    exitCode: 1,
    actor: 'operator',
    advice: 'Start it again on the same data directory; it takes up what was left.',
  },
  NOT_READY: {
    exitCode: 1,
    actor: 'operator',
    advice: 'Do what stands below each error, then ask again; docs/doctor.md lists them all.',
  },
  UNAUTHENTICATED: {
    exitCode: 1,
    actor: 'user',
    advice: 'Give a token that the serving coordinator knows; coordinator token new makes one.',
  },
  FORBIDDEN: { exitCode: 1, actor: 'user', advice: 'Ask whoever runs the coordinator for a token with that role.' },
  TOO_MANY: { exitCode: 1, actor: 'user', advice: 'Wait, then ask again; docs/serve.md lists the limits.' },
  KEY_REUSED: {
    exitCode: 1,
    actor: 'user',
    advice: 'Use a new idempotency key, or send what was sent first; nothing was submitted.',
  },
  SERVER_UNREACHABLE: {
    exitCode: 1,
    actor: 'operator',
    advice: 'Check that coordinator serve runs, its address, and that its certificate is trusted with --server-ca.',
  },
  RUN_FAILED: { exitCode: 1, actor: 'user', advice: 'The table names each task that was not paid and why.' },
  INTERRUPTED: { exitCode: 130, actor: 'user', advice: 'Run the same command again to resume.' },
  INTERNAL: { exitCode: 70, actor: 'developer', advice: 'Report it with the log.' },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERROR_KINDS;

/** The one error type: a code, what happened in words, structured metadata, the cause. */
export class GatepostError extends Error {
  override readonly name = 'GatepostError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly meta: Readonly<Record<string, unknown>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
  }

  get exitCode(): ExitCode {
    return ERROR_KINDS[this.code].exitCode;
  }

  get advice(): string {
    return ERROR_KINDS[this.code].advice;
  }
}

/** Turns any thrown value into a `GatepostError`; one that is already is returned as it is. */
export function toGatepostError(thrown: unknown, code: ErrorCode = 'INTERNAL'): GatepostError {
  if (thrown instanceof GatepostError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new GatepostError(code, message, {}, thrown);
}
