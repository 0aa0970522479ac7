import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { schemaProblems } from '@gatepost/party/plan/json-schema';
import type { Plan } from '@gatepost/rules/plan/plan';
import { compilePortable, type PortablePlan, portablePlan } from '@gatepost/rules/plan/source';
import { writePrivateFile } from '@gatepost/shared/private-file';
import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { z } from 'zod';
import type { Submission } from '../../core/service/submissions.js';
import { DurableLines, syncDirectory } from './durable-lines.js';

/** A submission, and what is told of it. */
export interface NotedSubmission extends Submission {
  /** Whose token asked for it. */
  readonly by: string;
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  /** The plan's name. */
  readonly name: string;
  readonly tasks: number;
}

const digest = z.custom<Sha256>((value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value));
const submitted = z.object({
  kind: z.literal('submitted'),
  key: z.string(),
  plan: digest,
  weight: z.int().positive(),
  mostOpen: z.int().positive(),
  run: z.string(),
  ordinal: z.int().positive(),
  by: z.string(),
  atMs: z.int(),
  name: z.string(),
  tasks: z.int().positive(),
});
const withdrawn = z.object({ kind: z.literal('withdrawn'), run: z.string(), by: z.string(), atMs: z.int() });
const entry = z.discriminatedUnion('kind', [submitted, withdrawn]);

/**
 * What was submitted, on this host's disk before it is acknowledged: a file of lines, and the plans beside it by their
 * digests. What became of the runs is not in it; the journal knows that.
 */
export class SubmissionBook {
  readonly #submissions: NotedSubmission[] = [];
  readonly #byRun = new Map<string, NotedSubmission>();
  readonly #withdrawn = new Set<string>();

  private constructor(
    private readonly directory: string,
    private readonly file: DurableLines,
    lines: readonly string[],
  ) {
    for (const [number, line] of lines.entries()) this.#read(line, number + 1);
  }

  /** Opens the book in a directory, which it makes if need be. @throws GatepostError STORE_FAILED */
  static async open(directory: string): Promise<SubmissionBook> {
    const { file, lines } = await DurableLines.open(join(directory, 'submissions.jsonl'));
    return new SubmissionBook(directory, file, lines);
  }

  #read(line: string, number: number): void {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      value = undefined;
    }
    const parsed = entry.safeParse(value);
    if (!parsed.success) {
      const { path } = this.file;
      throw new GatepostError('STORE_FAILED', `${path}:${number}: is no entry of a submission; restore the file`, {
        path,
      });
    }
    if (parsed.data.kind === 'withdrawn') this.#withdrawn.add(parsed.data.run);
    else this.#take(withoutKind(parsed.data));
  }

  #take(submission: NotedSubmission): void {
    this.#submissions.push(submission);
    this.#byRun.set(submission.run, submission);
  }

  /** In the order in which they came. */
  get submissions(): readonly NotedSubmission[] {
    return this.#submissions;
  }

  /** Runs that were withdrawn before they were opened. */
  get withdrawn(): ReadonlySet<string> {
    return this.#withdrawn;
  }

  find(run: string): NotedSubmission | undefined {
    return this.#byRun.get(run);
  }

  /** Resolves when it is durable with its plan. @throws GatepostError STORE_FAILED, and then it counts for nothing. */
  async add(submission: NotedSubmission, plan: Plan): Promise<void> {
    this.#keepPlan(plan);
    await this.file.append(JSON.stringify({ kind: 'submitted', ...submission }));
    this.#take(submission);
  }

  /** Resolves when it is durable that the run is never opened. @throws GatepostError STORE_FAILED */
  async withdraw(run: string, by: string, atMs: number): Promise<void> {
    // Nobody opens it from here on, not even while this is being written.
    this.#withdrawn.add(run);
    try {
      await this.file.append(JSON.stringify({ kind: 'withdrawn', run, by, atMs }));
    } catch (thrown) {
      this.#withdrawn.delete(run);
      throw thrown;
    }
  }

  #pathOf(digest: Sha256): string {
    return join(this.directory, 'plans', `${digest}.json`);
  }

  #keepPlan(plan: Plan): void {
    const path = this.#pathOf(plan.digest);
    if (existsSync(path)) return;
    try {
      mkdirSync(join(this.directory, 'plans'), { recursive: true, mode: 0o700 });
      writePrivateFile(path, JSON.stringify(portablePlan(plan)));
      syncDirectory(join(this.directory, 'plans'));
      syncDirectory(this.directory);
    } catch (error) {
      throw new GatepostError('STORE_FAILED', `cannot write ${path}: ${(error as Error).message}`, { path }, error);
    }
  }

  /** The plan of a submission. @throws GatepostError STORE_FAILED when it is not here as it was submitted. */
  plan(digest: Sha256): Plan {
    const path = this.#pathOf(digest);
    let portable: PortablePlan;
    try {
      portable = JSON.parse(readFileSync(path, 'utf8')) as PortablePlan;
    } catch (error) {
      throw new GatepostError('STORE_FAILED', `cannot read ${path}: ${(error as Error).message}`, { path }, error);
    }
    const compiled = compilePortable(portable, schemaProblems());
    if ('plan' in compiled && compiled.plan.digest === digest) return compiled.plan;
    throw new GatepostError('STORE_FAILED', `${path} is not the plan that was submitted; restore the file`, { path });
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

function withoutKind({ kind: _kind, ...submission }: z.output<typeof submitted>): NotedSubmission {
  return submission;
}
