import { Readable, Transform, Writable } from 'node:stream';
import {
  type ClientContext,
  client,
  methods,
  ndJsonStream,
  PROTOCOL_VERSION,
  RequestError,
} from '@agentclientprotocol/sdk';
import { decidePermission, type PermissionRule } from '../../../core/acp/permission-policy.js';
import { Turn } from '../../../core/acp/turn.js';
import type { UsageBounds } from '../../../core/usage.js';
import type { ConfinedProcess } from '../confined-process.js';
import type { Execution } from '../executor.js';

/** What a session is bounded by. */
export interface SessionSettings {
  readonly permissions: readonly PermissionRule[];
  readonly bounds: UsageBounds;
  readonly maxOutputBytes: number;
  readonly logLineBytes: number;
}

/** Most bytes of one message of the protocol beside the output itself. */
const MESSAGE_OVERHEAD = 1_048_576;
/** Most bytes that an agent may say in an attempt, as a multiple of the output's bound. */
const TALK = 16;
/** What an agent answers that wants a login first. */
const AUTH_REQUIRED = -32_000;

const STOPS: Readonly<Record<string, string>> = {
  max_tokens: 'the agent ran out of tokens',
  max_turn_requests: 'the agent came to the bound of its requests in a turn',
  refusal: 'the agent refused to go on',
  cancelled: 'the agent was stopped',
};

/** The conversation with the agent of one attempt. */
export class AcpSession {
  private constructor(
    private readonly context: ClientContext,
    private readonly sessionId: string,
    private readonly turn: Turn,
    private readonly onClose: () => void,
  ) {}

  /** The text since the last tool call. */
  get lastMessage(): string {
    return this.turn.lastMessage;
  }

  /** Agrees on the protocol and opens the session. @throws Error in words that fail the attempt. */
  static async open(process: ConfinedProcess, execution: Execution, settings: SessionSettings): Promise<AcpSession> {
    const { stdin, stdout } = process;
    const { permissions, bounds, maxOutputBytes, logLineBytes } = settings;
    const log = (line: string) => execution.log(line.slice(0, logLineBytes));
    const turn = new Turn({ log, progress: execution.progress, used: execution.used }, maxOutputBytes, bounds);
    const app = client({ name: 'gatepost' })
      .onRequest(methods.client.session.requestPermission, ({ params }) => {
        const { isAllowed, response } = decidePermission(params, permissions, execution.workDir);
        const { kind, title } = params.toolCall;
        log(`${isAllowed ? 'allowed' : 'refused'}: ${kind ?? 'other'} ${title ?? ''}`);
        return response;
      })
      .onNotification(methods.client.session.update, ({ params }) => {
        const end = turn.take(params.update);
        if (end !== undefined) process.fail(end.reason);
      });
    const bounded = stdout.pipe(
      boundOf(TALK * maxOutputBytes + MESSAGE_OVERHEAD, () => process.fail('the agent talks without end')),
    );
    const stream = ndJsonStream(Writable.toWeb(stdin), Readable.toWeb(bounded) as ReadableStream<Uint8Array>, {
      maxMessageBytes: 2 * maxOutputBytes + MESSAGE_OVERHEAD,
    });
    const connection = app.connect(stream);
    const { agent } = connection;
    const cancel = () => void agent.notify(methods.agent.session.cancel, { sessionId }).catch(() => undefined);
    let sessionId = '';
    const {
      protocolVersion,
      agentInfo,
      authMethods = [],
    } = await agent.request(methods.agent.initialize, {
      protocolVersion: PROTOCOL_VERSION,
      clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
      clientInfo: { name: 'gatepost', version: '1' },
    });
    if (protocolVersion !== PROTOCOL_VERSION) {
      throw new Error(`the agent speaks version ${protocolVersion} of the protocol, not ${PROTOCOL_VERSION}`);
    }
    log(`agent: ${agentInfo?.title ?? agentInfo?.name ?? 'without a name'} ${agentInfo?.version ?? ''}`.trim());
    const made = await agent
      .request(methods.agent.session.new, { cwd: execution.workDir, mcpServers: [] })
      .catch((error: unknown) => {
        if (!(error instanceof RequestError) || error.code !== AUTH_REQUIRED) throw error;
        const ways = authMethods.map(({ name }) => name).join(', ') || 'none that it names';
        throw new Error(
          `the agent wants a login first: ${ways}; log in as the user of the daemon, or hand its key on with env`,
        );
      });
    sessionId = made.sessionId;
    execution.signal.addEventListener('abort', cancel, { once: true });
    return new AcpSession(agent, sessionId, turn, () => {
      execution.signal.removeEventListener('abort', cancel);
      connection.close();
    });
  }

  /** Asks the agent and waits for the end of its turn. @throws Error in words that fail the attempt. */
  async ask(text: string): Promise<void> {
    this.turn.begin();
    const { stopReason } = await this.context.request(methods.agent.session.prompt, {
      sessionId: this.sessionId,
      prompt: [{ type: 'text', text }],
    });
    this.turn.end();
    if (stopReason !== 'end_turn') throw new Error(STOPS[stopReason] ?? `the agent stopped: ${stopReason}`);
  }

  close(): void {
    this.onClose();
  }
}

/** What the agent or the protocol says is wrong. */
export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof RequestError)) return (thrown as Error).message;
  const { data } = thrown as { readonly data?: { readonly details?: unknown } };
  const details = typeof data?.details === 'string' ? `: ${data.details}` : '';
  return `the agent answered with an error: ${thrown.message}${details}`;
}

/** Passes so many bytes on, and no more. */
function boundOf(maxBytes: number, overflow: () => void): Transform {
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size <= maxBytes) return done(undefined, chunk);
      overflow();
      return done();
    },
  });
}
