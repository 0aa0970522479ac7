import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Clock, waitingClock } from '@gatepost/shared/clock';
import { lockDirectory } from '@gatepost/shared/directory-lock';
import { requireFit, takeLooks } from '@gatepost/shared/doctor/finding';
import { lookAtDisk } from '@gatepost/shared/doctor/host-looks';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { hederaLedger } from '@gatepost/shared/hedera/hedera-ledger';
import type { Logger } from '@gatepost/shared/log';
import { startServer } from '@gatepost/shared/server/grpc-server';
import { insecureIdentity, loadIdentity } from '@gatepost/shared/server/tls';
import { stopController } from '@gatepost/shared/stop-controller';
import { isLoopback, splitAddress } from '@gatepost/shared/vocabulary/address';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { standingLooks } from '../doctor/examine.js';
import type { FullConfig } from '../setup/config-file.js';
import { Audit } from './audit.js';
import { EventHub } from './event-hub.js';
import { authorizationOf, CoordinatorCalls, SERVICE_NAME } from './grpc/calls.js';
import { type HttpDoor, serveHttp } from './http/server.js';
import { openJournalHost } from './journal-host.js';
import type { HostEnd } from './run-host.js';
import { RunScheduler } from './run-scheduler.js';
import { Service } from './service.js';
import { ServiceMetrics } from './service-metrics.js';
import { SubmissionBook } from './submission-book.js';
import { MAX_DOCUMENT_BYTES } from './submitted-plan.js';
import { Tokens } from './tokens.js';

/** How long a connection to the gRPC port that has shown no token may stay without a request. */
const IDLE_MS = 75_000;

export interface ServeOptions {
  readonly config: FullConfig & { readonly journal: TopicId; readonly token: TokenId };
  readonly insecureLoopback: boolean;
  readonly takeOver: boolean;
}

/** A coordinator that serves. */
export interface OpenService {
  /** Port of HTTP/JSON and the page. */
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Settles when no run is worked on any more. Never rejects. */
  readonly over: Promise<HostEnd>;
  /** Takes up a new certificate. */
  reload(): void;
  /** Takes nothing more, lets what is under way come to its end, and leaves; what was taken is done after the next start. */
  close(): Promise<void>;
}

/** Clear text goes over loopback only. @throws GatepostError INVALID_CONFIG */
function requireSafe({ http, grpc, tls }: FullConfig['serve']): void {
  if (tls !== undefined) return;
  for (const [name, listen] of Object.entries({ http, grpc })) {
    if (isLoopback(splitAddress(listen).host)) continue;
    const message = `serve.${name}: ${listen} can be reached by others, and tokens would pass in clear text; set serve.tls with cert and key`;
    throw new GatepostError('INVALID_CONFIG', message);
  }
}

/** @throws GatepostError ALREADY_RUNNING when another process serves from the directory. */
function lock(directory: string): () => void {
  const taken = lockDirectory(directory);
  if ('release' in taken) return taken.release;
  const message = `process ${taken.heldBy} serves from ${directory} already; stop it, or give this one a state_dir of its own`;
  throw new GatepostError('ALREADY_RUNNING', message, { pid: taken.heldBy });
}

/**
 * Serves the coordinator's API and works on what is submitted.
 * @throws GatepostError INVALID_CONFIG, ALREADY_RUNNING, STORE_FAILED, USAGE when another coordinator may still act.
 */
export async function openService(connection: Connection, options: ServeOptions, log: Logger): Promise<OpenService> {
  const { config } = options;
  const settings = config.serve;
  requireSafe(settings);
  const tokens = new Tokens(settings.tokens, ({ message }) => log.error(`the tokens stay as they were: ${message}`));
  if (tokens.size === 0) {
    const message = `${settings.tokens} holds no token, so nobody could ask for anything; make one with: coordinator token new --name <you> --role admin`;
    throw new GatepostError('INVALID_CONFIG', message);
  }
  requireFit([config.stateDir].map(lookAtDisk));
  requireFit(await takeLooks(standingLooks(connection, config.journal)));
  const release = lock(settings.directory);
  const closings: (() => Promise<void> | void)[] = [release];
  try {
    return await assemble(connection, { ...options, tokens }, closings, waitingClock, log);
  } catch (thrown) {
    await closeAll(closings, log);
    throw thrown;
  }
}

/** In the reverse order of their opening. */
async function closeAll(closings: readonly (() => Promise<void> | void)[], log: Logger): Promise<void> {
  for (const close of [...closings].reverse()) {
    try {
      await close();
    } catch (thrown) {
      log.error(`not closed in good order: ${toGatepostError(thrown).message}`);
    }
  }
}

async function assemble(
  connection: Connection,
  { config, insecureLoopback, takeOver, tokens }: ServeOptions & { readonly tokens: Tokens },
  closings: (() => Promise<void> | void)[],
  clock: Clock,
  log: Logger,
): Promise<OpenService> {
  const settings = config.serve;
  const book = await SubmissionBook.open(settings.directory);
  closings.push(() => book.close());
  const audit = await Audit.open(join(settings.directory, 'audit.jsonl'), clock);
  closings.push(() => audit.close());
  const events = new EventHub(randomBytes(9).toString('base64url'), clock);
  const hostOptions = { config, insecureLoopback, takeOver, mostOpen: config.limits.openAttempts };
  const host = await openJournalHost(connection, hostOptions, log);
  closings.push(() => host.close());
  const scheduler = new RunScheduler(host, book, settings, events, clock, log);
  closings.push(() => scheduler.end());
  const ledger = hederaLedger(connection, log);
  const { network } = connection;
  const service = new Service({ config, network, ledger, host, scheduler, book, audit, tokens, events, clock, log });
  const metrics = new ServiceMetrics(async () => ({ ...(await service.standing()), streams: service.openStreams }));
  const { tls, connections } = settings;
  const http: HttpDoor = await serveHttp({ service, metrics, listen: settings.http, tls, connections, clock, log });
  closings.push(() => http.close());
  const leaving = stopController();
  const identity = tls === undefined ? insecureIdentity(settings.grpc) : loadIdentity(tls);
  const grpc = await startServer({
    service: new CoordinatorCalls(service, metrics, leaving.signal, clock, log).served,
    credentials: identity.credentials,
    listen: settings.grpc,
    maxChunkBytes: MAX_DOCUMENT_BYTES,
    door: { connections, idleMs: IDLE_MS },
    proves: (metadata) => service.knows(authorizationOf(metadata)),
  });
  closings.push(() => {
    grpc.health.setStatus(SERVICE_NAME, 'NOT_SERVING');
    leaving.abort();
    grpc.close();
  });
  scheduler.wake();
  return {
    httpPort: http.port,
    grpcPort: grpc.port,
    over: host.over,
    reload: () => {
      try {
        http.reload();
        identity.reload();
        log.info('the certificate was read again');
      } catch (thrown) {
        log.error(`the certificate stays as it was: ${toGatepostError(thrown).message}`);
      }
    },
    close: () => closeAll(closings, log),
  };
}
