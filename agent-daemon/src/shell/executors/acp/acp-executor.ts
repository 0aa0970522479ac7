import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutorSettings } from '../../../config/executors-schema.js';
import { INPUTS, type Prompt, promptOf } from '../../../core/acp/prompt.js';
import { type CommandHost, relayLines } from '../command-executor.js';
import { type ConfinedProcess, ConfinedProgram, type ProgramSettings } from '../confined-process.js';
import { type Execution, type ExecutionResult, type Executor, failed } from '../executor.js';
import { Trees } from '../repositories/trees.js';
import type { AcpSession } from './acp-session.js';
import { readOutput } from './output.js';
import { ResultSchema } from './result-schema.js';

export type AcpSettings = ProgramSettings &
  Pick<ExecutorSettings, 'prompt' | 'permissions' | 'output' | 'result_schema'>;

/** How a talk ended: with an output, with one that lies in the directory, or with none. */
type Said = ExecutionResult | { readonly ok: true; readonly output: undefined };

/** How long the end of its talk is waited for when an agent has ended. */
const LAST_WORDS_MS = 2_000;

/** Times that an agent is asked to mend an output that does not fit its schema. */
const FURTHER_PROMPTS = 1;

/**
 * Runs an agent that speaks the Agent Client Protocol, version 1, on its standard input and output: one process and one
 * session for each attempt, confined as a command is. It is given no files and no terminals of this process: what it reads,
 * writes and runs, it does itself, within its confinement.
 */
export class AcpExecutor implements Executor {
  readonly kind = 'acp';
  readonly usesWorkDir = true;
  readonly #program: ConfinedProgram;
  readonly #schema: ResultSchema | undefined;

  constructor(
    private readonly settings: AcpSettings,
    private readonly host: CommandHost,
  ) {
    this.#program = new ConfinedProgram(settings, host);
    this.#schema = settings.result_schema === undefined ? undefined : new ResultSchema(settings.result_schema);
  }

  async execute(execution: Execution): Promise<ExecutionResult> {
    const prompt = promptOf(execution.workOrder, this.settings.prompt);
    if ('problem' in prompt) return failed(prompt.problem);
    writeInputs(execution.workDir, prompt, this.#program.owner);
    const trees = await Trees.lay(execution, this.settings.repositories, this.#program.owner);
    if ('problem' in trees) return failed(trees.problem);
    try {
      return await this.#run(execution, prompt, trees);
    } finally {
      await trees.remove();
    }
  }

  async #run(execution: Execution, prompt: Prompt, trees: Trees): Promise<ExecutionResult> {
    const { AcpSession, reasonOf } = await import('./acp-session.js');
    const process = await this.#program.start(execution);
    if ('reason' in process) return failed(process.reason);
    relayLines(process, execution, this.host.limits.logLineBytes, this.settings.usage);
    const talk = this.#open(AcpSession, process, execution)
      .then((session) => this.#talk(session, execution, prompt, trees))
      .catch((thrown: unknown) => failed(reasonOf(thrown)));
    // What an agent said last may still be read when it has ended.
    const late = process.exited.then(() => sleep(LAST_WORDS_MS, undefined, { ref: false }));
    const said = await Promise.race([talk, late]);
    // An agent that has closed its end is about to say more by how it ends.
    const isEnding = said?.ok === false && process.stdout.readableEnded === true;
    if (isEnding) await Promise.race([process.exited, late, sleep(LAST_WORDS_MS, undefined, { ref: false })]);
    if (said !== undefined) process.dismiss();
    const failure = await process.ended();
    // Why it had to end says more than what it could not say any more.
    if (failure !== undefined) return failed(failure);
    if (said === undefined) return failed('the agent ended before its answer');
    if (!said.ok) return said;
    if (said.output !== undefined) return { ok: true, output: said.output };
    return this.#collect(execution.workDir, trees);
  }

  #open(sessions: typeof AcpSession, process: ConfinedProcess, execution: Execution): Promise<AcpSession> {
    const { maxOutputBytes, logLineBytes } = this.host.limits;
    const { permissions, usage } = this.settings;
    const bounds = { costUsd: usage.cost_usd, tokens: usage.tokens };
    return sessions.open(process, execution, { permissions, bounds, maxOutputBytes, logLineBytes });
  }

  /** The output, when the agent said it itself; none when it lies in the directory. */
  async #talk(session: AcpSession, execution: Execution, prompt: Prompt, trees: Trees): Promise<Said> {
    let text = prompt.text;
    for (let further = 0; ; further += 1) {
      await session.ask(text);
      const problem = await this.#problemWith(session, execution.workDir, trees);
      if (problem === undefined) break;
      if (further >= FURTHER_PROMPTS) return failed(problem);
      execution.log(`asked once more: ${problem}`);
      text = `The result does not fit: ${problem}. Correct it, and give the whole result again.`;
    }
    session.close();
    if (this.settings.output === 'last_message') return { ok: true, output: Buffer.from(session.lastMessage, 'utf8') };
    return { ok: true, output: undefined };
  }

  /** What an agent can mend while it is there. */
  async #problemWith(session: AcpSession, workDir: string, trees: Trees): Promise<string | undefined> {
    const { output } = this.settings;
    if (this.#schema === undefined) {
      return output === 'last_message' && session.lastMessage === '' ? 'it ended without a message' : undefined;
    }
    const found =
      output === 'last_message' ? Buffer.from(session.lastMessage, 'utf8') : await this.#read(workDir, output, trees);
    return 'problem' in found ? found.problem : this.#schema.problemWith(found);
  }

  #read(workDir: string, place: Exclude<AcpSettings['output'], string>, trees: Trees) {
    const { maxOutputBytes } = this.host.limits;
    if ('patch' in place) return trees.change(place.patch, 'patch', maxOutputBytes);
    if ('bundle' in place) return trees.change(place.bundle, 'bundle', maxOutputBytes);
    return readOutput(workDir, place, maxOutputBytes);
  }

  async #collect(workDir: string, trees: Trees): Promise<ExecutionResult> {
    const { output } = this.settings;
    if (output === 'last_message') return failed('it ended without a message');
    const found = await this.#read(workDir, output, trees);
    if ('problem' in found) return failed(found.problem);
    const problem = this.#schema?.problemWith(found);
    return problem === undefined ? { ok: true, output: found } : failed(problem);
  }
}

/** Before the agent begins, so that nothing of it can be in the way. */
function writeInputs(workDir: string, { files }: Prompt, owner: number | undefined): void {
  if (files.length === 0) return;
  const directory = join(workDir, INPUTS);
  mkdirSync(directory);
  const made = [directory];
  for (const { name, bytes } of files) {
    const path = join(directory, name);
    writeFileSync(path, bytes, { flag: 'wx' });
    made.push(path);
  }
  if (owner !== undefined) for (const path of made) chownSync(path, owner, owner);
}
