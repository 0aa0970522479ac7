import { promisify } from 'node:util';
import type { CosignRequest, CosignResponse, Refusal } from '@gatepost/proto/gen/gatepost/gatekeeper/v1/gatekeeper';
import { type Clock, pause } from '@gatepost/shared/clock';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { connectivityState, type Metadata } from '@grpc/grpc-js';
import type { GatekeeperAddress, OpenGatekeeper } from './open-gatekeeper.js';
import { sessionMetadata } from './plan-handover.js';

/** A wait for the gatekeeper that may be told of. */
export interface GatekeeperWait {
  note(what: string): void;
  end(): void;
}

export interface LinkParts {
  /** The newest session that the journal shows; undefined before there is one, or when it said goodbye. */
  readonly where: () => GatekeeperAddress | undefined;
  readonly open: (address: GatekeeperAddress) => Promise<OpenGatekeeper>;
  /** Done once with each session, before anything is asked of it: hands over the plan. */
  readonly greet: (gatekeeper: OpenGatekeeper) => Promise<void>;
  readonly openWait: () => GatekeeperWait;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Pause before a gatekeeper that did not answer, or that said to wait, is asked again. */
const AGAIN_MS = 500;

/** States of a connection that was open and is not any more. */
const GONE: ReadonlySet<connectivityState> = new Set([
  connectivityState.IDLE,
  connectivityState.TRANSIENT_FAILURE,
  connectivityState.SHUTDOWN,
]);

/** What a call for a signature came to. */
type Answered<T> = { readonly signed: T } | { readonly refusal: Refusal };

/** The way to the gatekeeper: found by the journal, opened when it is needed, and again after it was away. */
export class GatekeeperLink {
  #open: { readonly session: string; readonly ready: Promise<OpenGatekeeper> } | undefined;

  constructor(private readonly parts: LinkParts) {}

  /** Keeps the newest session greeted, so that it judges while nothing is to be signed; until the signal. */
  async attend(): Promise<void> {
    const { clock, signal } = this.parts;
    const wait = this.parts.openWait();
    while (!signal.aborted) {
      try {
        const { client } = await this.#gatekeeper();
        if (GONE.has(client.getChannel().getConnectivityState(false))) {
          this.#drop();
          await this.#gatekeeper();
        }
        wait.end();
      } catch (thrown) {
        wait.note(`to judge results and sign payments: ${toGatepostError(thrown).message}`);
      }
      await pause(clock, AGAIN_MS, signal);
    }
    wait.end();
    this.close();
  }

  /**
   * Asks for the signatures of a batch: the same again while its window lives, should the gatekeeper be away or say to wait.
   * @throws GatepostError AGENT_REFUSED when it will not sign, AGENT_UNREACHABLE when there was no answer in time.
   */
  async cosign(
    request: CosignRequest,
    untilMs: number,
  ): Promise<{ readonly transfer: Uint8Array; readonly outer: Uint8Array }> {
    return this.#ask(untilMs, async (gatekeeper) => {
      const call = promisify<CosignRequest, Metadata, CosignResponse>(gatekeeper.client.cosign.bind(gatekeeper.client));
      const { answer } = await call(request, sessionMetadata(gatekeeper));
      if (answer?.$case === 'cosignature') return { signed: answer.value };
      return { refusal: refusalOf(answer?.value) };
    });
  }

  async #ask<T>(untilMs: number, call: (gatekeeper: OpenGatekeeper) => Promise<Answered<T>>): Promise<T> {
    const { clock, signal } = this.parts;
    const wait = this.parts.openWait();
    let why = new GatepostError('AGENT_UNREACHABLE', 'the gatekeeper was not asked');
    try {
      do {
        try {
          const answered = await call(await this.#gatekeeper());
          if ('signed' in answered) return answered.signed;
          why = new GatepostError('AGENT_REFUSED', `the gatekeeper does not sign: ${answered.refusal.reason}`);
          if (!answered.refusal.wait) throw why;
        } catch (thrown) {
          if (thrown === why) throw thrown;
          // A session that failed is opened again.
          this.#drop();
          why = toGatepostError(thrown, 'AGENT_UNREACHABLE');
        }
        wait.note(`to sign payments: ${why.message}`);
        await pause(clock, AGAIN_MS, signal);
      } while (clock.nowMs() < untilMs && !signal.aborted);
      throw why;
    } finally {
      wait.end();
    }
  }

  #gatekeeper(): Promise<OpenGatekeeper> {
    const where = this.parts.where();
    if (where === undefined) {
      this.#drop();
      return Promise.reject(new GatepostError('AGENT_UNREACHABLE', 'the journal shows none that serves'));
    }
    if (this.#open?.session === where.session) return this.#open.ready;
    this.#drop();
    const ready = this.parts.open(where).then(async (gatekeeper) => {
      try {
        await this.parts.greet(gatekeeper);
        return gatekeeper;
      } catch (thrown) {
        gatekeeper.client.close();
        throw thrown;
      }
    });
    const opened = { session: where.session, ready };
    this.#open = opened;
    ready.catch(() => {
      if (this.#open === opened) this.#open = undefined;
    });
    return ready;
  }

  #drop(): void {
    void this.#open?.ready.then(
      ({ client }) => client.close(),
      () => undefined,
    );
    this.#open = undefined;
  }

  close(): void {
    this.#drop();
  }
}

const refusalOf = (value: unknown): Refusal =>
  typeof value === 'object' && value !== null && 'reason' in value
    ? (value as Refusal)
    : { reason: 'an answer that says nothing', wait: false };
