import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { type Ledger, startLedger } from '../ledger.js';
import { shellEnv } from './env.js';
import type { CliOptions } from './options.js';
import { readyJson, readyText } from './ready.js';

/** Runs a network until the process is told to stop. Rejects when it cannot start. */
export async function runLedger(options: CliOptions): Promise<void> {
  if (options.env === true) {
    process.stdout.write(shellEnv(options));
    return;
  }
  // What the gRPC library prints beside the errors it throws is noise here.
  setLogVerbosity(logVerbosity.NONE);
  const ledger = await startLedger({
    host: options.host,
    ports: {
      consensus: options.port,
      mirrorGrpc: options.mirrorGrpcPort,
      mirrorRest: options.mirrorRestPort,
      fees: options.feesPort,
      control: options.controlPort,
    },
    profile: options.profile,
    onFailure: (error) => {
      process.stderr.write(`local-ledger: the data directory cannot be written: ${explain(error)}\n`);
      process.exit(1);
    },
    ...(options.data === undefined ? {} : { data: options.data }),
    ...(options.accounts === undefined ? {} : { accounts: options.accounts }),
  });
  process.stdout.write(`${options.json ? readyJson(ledger) : readyText(ledger)}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stop(ledger));
  }
}

async function stop(ledger: Ledger): Promise<void> {
  await ledger.close();
  process.exit(0);
}

/** What went wrong, for people. */
export function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const taken = /EADDRINUSE[^\]]*?(\S+:\d+)/.exec(message)?.[1];
  return taken === undefined
    ? message
    : `EADDRINUSE: ${taken} is taken; another network may be running, choose other ports (0 picks free ones)`;
}
