import type { Clock } from '../../clock.js';
import type { TransactionId } from '../../vocabulary/ids.js';
import type { NetworkCore } from './network-core.js';
import type { FinalReceipt, Precheck } from './receipts.js';

/** How a submission went, as its sender saw it. */
export type Submission = Precheck | { readonly kind: 'unanswered'; readonly why: string };

/** The way of one process to the network. What it sent goes on without it; once killed, it hears nothing any more. */
export class Host {
  constructor(
    readonly network: NetworkCore,
    readonly clock: Clock,
    readonly killed: AbortSignal | undefined,
  ) {}

  /** A promise that what happens may resolve, unless the process is dead by then. */
  #hear<T>(begin: (resolve: (value: T) => void) => void): Promise<T> {
    return new Promise((resolve) => {
      begin((value) => {
        if (this.killed?.aborted !== true) resolve(value);
      });
    });
  }

  /** Resolves after so many milliseconds, or when the signal aborts. */
  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#hear((resolve) => {
      if (ms <= 0 || signal?.aborted === true) return resolve();
      const { clock } = this.network;
      const callOff = clock.at(clock.nowMs() + ms, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      const stop = () => {
        callOff();
        resolve();
      };
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  /** Resolves when the mirror may show something new, at the latest after so many milliseconds, or when the signal aborts. */
  news(atMostMs: number, signal: AbortSignal): Promise<void> {
    return this.#hear((resolve) => {
      const { clock, mirror } = this.network;
      const callOff = Number.isFinite(atMostMs) ? clock.at(clock.nowMs() + atMostMs, end) : () => undefined;
      function end(): void {
        signal.removeEventListener('abort', end);
        callOff();
        resolve();
      }
      signal.addEventListener('abort', end, { once: true });
      void mirror.news().then(end);
    });
  }

  submit(bytes: Uint8Array): Promise<Submission> {
    const { network } = this;
    const { conditions } = network;
    return this.#hear((resolve) => {
      const unanswered = () =>
        network.after(conditions.timeoutMs, () => resolve({ kind: 'unanswered', why: 'the node did not answer' }));
      if (conditions.nodeAway || network.chance(conditions.lostRequests)) return unanswered();
      network.after(network.pick(conditions.answerMs), () => {
        if (conditions.nodeAway) return unanswered();
        const first = network.submit(bytes);
        const said = network.chance(conditions.doubled) ? network.submit(bytes) : first;
        if (network.chance(conditions.lostAnswers)) return unanswered();
        network.after(network.pick(conditions.answerMs), () => resolve(said));
      });
    });
  }

  /** The final receipt of an id; undefined when it is not there, or not final within so many milliseconds. */
  receipt(id: TransactionId, atMostMs: number): Promise<FinalReceipt | undefined> {
    const { network } = this;
    const { conditions, clock } = network;
    return this.#hear((resolve) => {
      const entry = network.receipts.of(id);
      if (entry === undefined || conditions.nodeAway || network.chance(conditions.lostReceipts)) {
        network.after(conditions.timeoutMs, () => resolve(undefined));
        return;
      }
      const told = (receipt: FinalReceipt) => {
        callOff();
        network.after(network.pick(conditions.answerMs), () => resolve(receipt));
      };
      let callOff = () => {};
      if (entry.final !== undefined) return told(entry.final);
      entry.waiting.add(told);
      callOff = clock.at(clock.nowMs() + atMostMs, () => {
        entry.waiting.delete(told);
        resolve(undefined);
      });
    });
  }
}
