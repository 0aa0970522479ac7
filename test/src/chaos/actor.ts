import { setTimeout as sleep } from 'node:timers/promises';
import type { Exit, RunningCommand } from 'gatepost/stage/command';

/** A process that ended although nobody asked it to. */
export interface OwnEnd {
  readonly process: RunningCommand;
  readonly exit: Exit;
}

interface ActorParts {
  readonly start: (extra: readonly string[]) => RunningCommand;
  readonly onOwnEnd: (end: OwnEnd) => void;
}

/** A process of the round that is killed, paused and started again; one thing at a time happens to it. */
export class Actor {
  #turn: Promise<void> = Promise.resolve();
  #current: RunningCommand | undefined;
  #isClosed = false;
  /** Processes whose end we caused. */
  readonly #asked = new WeakSet<RunningCommand>();

  constructor(readonly parts: ActorParts) {}

  /** Starts a process, with options beside its usual ones. */
  begin(extra: readonly string[] = []): void {
    if (!this.#isClosed) this.adopt(this.parts.start(extra));
  }

  /** Takes a process that was started elsewhere. */
  adopt(process: RunningCommand): void {
    this.#current = process;
    void process.exited.then((exit) => {
      if (this.#asked.has(process)) return;
      if (this.#current === process) this.#current = undefined;
      this.parts.onOwnEnd({ process, exit });
    });
  }

  /** Starts the next process of one that ended by itself. */
  revive(afterMs: number): Promise<void> {
    return this.#inTurn(async () => {
      await sleep(afterMs);
      if (this.#current === undefined) this.begin();
    });
  }

  /** Ends the process by a signal and starts the next one after a while; nothing if none runs. */
  end(signal: 'SIGKILL' | 'SIGTERM', downMs: number, meanwhile: () => void = () => undefined): Promise<void> {
    return this.#inTurn(async () => {
      const process = this.#letGo();
      if (process === undefined) return;
      if (signal === 'SIGKILL') process.kill(signal);
      await (signal === 'SIGKILL' ? process.exited : process.stop());
      meanwhile();
      await sleep(downMs);
      this.begin();
    });
  }

  pause(ms: number): Promise<void> {
    return this.#inTurn(async () => {
      const process = this.#current;
      process?.kill('SIGSTOP');
      await sleep(ms);
      process?.kill('SIGCONT');
    });
  }

  /** Another process takes the place of a paused one, which then goes on; tells how the old one ended. */
  async replace(extra: readonly string[], pausedMs: number): Promise<Exit | undefined> {
    let old: RunningCommand | undefined;
    await this.#inTurn(async () => {
      old = this.#letGo();
      if (old === undefined) return;
      old.kill('SIGSTOP');
      this.begin(extra);
      await sleep(pausedMs);
      old.kill('SIGCONT');
    });
    return old?.exited;
  }

  /** Ends the process for good, when what happens to it is over. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#turn;
    await this.#letGo()?.stop();
  }

  /** The process, which is not asked about its end any more. */
  #letGo(): RunningCommand | undefined {
    const process = this.#current;
    if (process !== undefined) this.#asked.add(process);
    this.#current = undefined;
    return process;
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
