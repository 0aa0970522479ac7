import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HELPER = fileURLToPath(new URL('../../../bin/spawner.mjs', import.meta.url));
/** Of the label that a stream begins with: the program's number, and which of its streams it is. */
const LABEL_BYTES = 5;

/** A program to be started, in a process group and session of its own. */
export interface ProgramStart {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** How many descriptors it gets, from 0 on. */
  readonly streams: number;
  /** Whether it gets its input once more as the descriptor after them, to answer there: an input is a socket. */
  readonly answers?: boolean;
}

/** How a program ended; an error when nobody can tell any more. */
export type Ending = { readonly code: number | null; readonly signal: string | null } | Error;

/** A program that has been started. */
export interface StartedProgram {
  readonly pid: number;
  /** By descriptor: the first one is its input. */
  readonly stdio: readonly Socket[];
  readonly exited: Promise<Ending>;
}

type Told =
  | { readonly id: number; readonly pid: number }
  | { readonly id: number; readonly error: string }
  | { readonly id: number; readonly code: number | null; readonly signal: string | null };

/** A program on its way: what is known of it so far. */
class Program {
  readonly started: Promise<StartedProgram>;
  readonly #stdio: Socket[] = [];
  #pid: number | undefined;
  #hasEnded = false;
  #resolve: (started: StartedProgram) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #end: (ending: Ending) => void = () => undefined;
  readonly #exited = new Promise<Ending>((resolve) => {
    this.#end = resolve;
  });

  constructor(private readonly streams: number) {
    this.started = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  connected(stream: number, socket: Socket): void {
    this.#stdio[stream] = socket;
    this.#check();
  }

  running(pid: number): void {
    this.#pid = pid;
    this.#check();
  }

  ended(ending: Ending): void {
    this.#hasEnded = true;
    this.#end(ending);
  }

  /** Nothing more of it is to come. */
  get isDone(): boolean {
    return this.#hasEnded && this.#isConnected;
  }

  get #isConnected(): boolean {
    return Object.keys(this.#stdio).length === this.streams;
  }

  /** It never began, or nobody can tell how it goes on. */
  lost(error: Error): void {
    this.#end(error);
    this.#reject(error);
    if (this.#pid === undefined) for (const socket of this.#stdio) socket?.destroy();
  }

  #check(): void {
    if (this.#pid === undefined || !this.#isConnected) return;
    this.#resolve({ pid: this.#pid, stdio: this.#stdio, exited: this.#exited });
  }
}

/** The helper process and what it has started. */
class Helper {
  readonly #programs = new Map<number, Program>();
  #last = 0;

  private constructor(
    private readonly server: Server,
    private readonly child: ChildProcess,
    onEnd: () => void,
  ) {
    child.unref();
    child.on('message', (told: Told) => this.#hear(told));
    child.once('error', (error) => this.#end(error.message));
    child.once('exit', (code, signal) => {
      onEnd();
      this.#end(signal ?? `exit code ${code}`);
    });
    server.on('connection', (socket) => this.#welcome(socket));
    server.unref();
  }

  /** @throws Error of the file system. */
  static async open(onEnd: () => void): Promise<Helper> {
    const path = join(mkdtempSync(join(tmpdir(), 'gatepost-spawner-')), 'streams');
    const server = createServer();
    await once(server.listen(path), 'listening');
    const child = fork(HELPER, [path], { execArgv: [], env: {}, detached: true, stdio: 'ignore' });
    child.once('exit', () => rmSync(dirname(path), { recursive: true, force: true }));
    return new Helper(server, child, onEnd);
  }

  start(request: ProgramStart): Promise<StartedProgram> {
    this.#last = (this.#last + 1) >>> 0;
    const id = this.#last;
    const program = new Program(request.streams);
    this.#programs.set(id, program);
    this.child.channel?.ref();
    this.child.send({ ...request, id }, (error) => {
      if (error !== null) this.#hear({ id, error: error.message });
    });
    return program.started;
  }

  close(): void {
    if (this.child.connected) this.child.disconnect();
    this.server.close();
  }

  #hear(told: Told): void {
    const program = this.#programs.get(told.id);
    if (program === undefined) return;
    if ('pid' in told) program.running(told.pid);
    else if ('error' in told) {
      program.lost(new Error(told.error));
      this.#forget(told.id);
    } else {
      program.ended(told);
      if (program.isDone) this.#forget(told.id);
    }
  }

  #forget(id: number): void {
    this.#programs.delete(id);
    // A helper without work does not keep this process from ending.
    if (this.#programs.size === 0) this.child.channel?.unref();
  }

  #welcome(socket: Socket): void {
    // A program need not read its input, nor leave its streams open.
    socket.on('error', () => undefined);
    const read = () => {
      const label: Buffer | null = socket.read(LABEL_BYTES);
      if (label === null) return;
      socket.off('readable', read);
      const id = label.readUInt32LE();
      const program = this.#programs.get(id);
      // One that could not be started has streams all the same.
      if (program === undefined) return void socket.destroy();
      program.connected(label.readUInt8(4), socket);
      if (program.isDone) this.#forget(id);
    };
    socket.on('readable', read);
  }

  #end(how: string): void {
    this.server.close();
    const error = new Error(`the helper that starts programs has ended: ${how}`);
    for (const program of this.#programs.values()) program.lost(error);
    this.#programs.clear();
  }
}

/**
 * Starts programs by a small process of its own, for it takes a large one milliseconds to begin another. The helper is begun
 * with the first program and again when it has ended, which fails what it had started; it ends with this process.
 */
export class Spawner {
  #helper: Promise<Helper> | undefined;

  /** @throws Error in words, when the program cannot be started. */
  async start(request: ProgramStart): Promise<StartedProgram> {
    this.#helper ??= this.#open();
    return (await this.#helper).start(request);
  }

  /** Ends the helper; what it has started goes on. */
  async close(): Promise<void> {
    const helper = this.#helper;
    this.#helper = undefined;
    (await helper?.catch(() => undefined))?.close();
  }

  #open(): Promise<Helper> {
    const opening: Promise<Helper> = Helper.open(() => {
      if (this.#helper === opening) this.#helper = undefined;
    });
    opening.catch(() => {
      if (this.#helper === opening) this.#helper = undefined;
    });
    return opening;
  }
}
