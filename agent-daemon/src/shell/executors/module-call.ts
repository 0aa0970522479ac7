import { z } from 'zod';
import { progressOf } from '../../core/line-protocol.js';
import type { Execution } from './executor.js';

const moduleEnd = z.object({
  output: z.instanceof(Uint8Array).optional(),
  reason: z.string().optional(),
  said: z.number(),
});

/** How a call ended, and how much was said of it before. */
export type ModuleEnd = z.infer<typeof moduleEnd>;

const call = z.number();
// Whatever a module says for a number.
const fraction = z.custom<number>((value) => typeof value === 'number');
const moduleMessage = z.discriminatedUnion('type', [
  z.object({ call, type: z.literal('progress'), fraction, message: z.string() }),
  z.object({ call, type: z.literal('log'), line: z.string() }),
  // The thread ends with the call, for that left something which could still act.
  z.object({ call, type: z.literal('ended'), end: moduleEnd }),
]);

/** What a thread says of a call while it makes it. */
export type ModuleMessage = z.infer<typeof moduleMessage>;

/** What a thread said; undefined when it was the module, or a library of it, that said something to whoever may listen. */
export function moduleMessageOf(said: unknown): ModuleMessage | undefined {
  const { data } = moduleMessage.safeParse(said);
  return data;
}

/** The word that the thread waits on; it says that the call has to stop. */
const STOP = 1;

/** One call of a module, as its thread tells of it, and how that is told to stop. */
export class ModuleCall {
  /** Shared with the thread, which sees what it says however late it starts. */
  readonly stop = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  /** Known when the thread ended with the call. */
  end: ModuleEnd | undefined;
  #heard = 0;
  #whenHeard: (() => void) | undefined;
  #awaited = 0;

  constructor(
    readonly execution: Execution,
    private readonly logLineBytes: number,
  ) {}

  /** Tells the thread that the call has to stop. */
  abort(): void {
    Atomics.store(this.stop, 0, STOP);
    Atomics.notify(this.stop, 0);
  }

  /** Relays what the thread says. */
  hear(message: ModuleMessage): void {
    this.#heard += 1;
    if (message.type === 'progress') {
      const progress = progressOf(message.fraction, message.message);
      this.execution.progress(progress.fraction, progress.message);
    } else if (message.type === 'log') this.execution.log(message.line.slice(0, this.logLineBytes));
    else this.end = message.end;
    if (this.#heard >= this.#awaited) this.#whenHeard?.();
  }

  /** Resolves when all that was said of the call is heard, for it comes by another way than the end; or when it is given up. */
  async heard({ said }: ModuleEnd, givenUp: AbortSignal): Promise<void> {
    if (this.#heard >= said || givenUp.aborted) return;
    this.#awaited = said;
    await new Promise<void>((resolve) => {
      this.#whenHeard = resolve;
      givenUp.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}
