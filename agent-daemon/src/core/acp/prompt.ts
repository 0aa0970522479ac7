import { repositoriesIn } from '@gatepost/shared/vocabulary/repository';

/** A file that an agent finds in its directory. */
export interface InputFile {
  /** Below `inputs/`. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What a coding agent is asked for, and the files that belong to it. */
export interface Prompt {
  readonly text: string;
  readonly files: readonly InputFile[];
}

/** Where the inputs lie in the attempt's directory. */
export const INPUTS = 'inputs';
const INSTRUCTIONS = 'instructions';
const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function bytesOf(value: unknown): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  if (isObject(value) && Object.keys(value).length === 1 && typeof value.$base64 === 'string') {
    return Buffer.from(value.$base64, 'base64');
  }
  return Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`, 'utf8');
}

const listOf = (files: readonly InputFile[]): string =>
  files.length === 0 ? '' : `\n\nFiles for this:\n${files.map(({ name }) => `- ${INPUTS}/${name}`).join('\n')}`;

const treesOf = (names: readonly string[]): string =>
  names.length === 0 ? '' : `\n\nRepositories, checked out:\n${names.map((name) => `- ${name}/`).join('\n')}`;

const DEFAULT_TEMPLATE = '{{instructions}}{{files}}{{feedback}}';

/**
 * Makes the prompt of a work order: `input.instructions` is the text, or the input itself when it is a text; all other
 * members of the input are files, texts as they are, `{"$base64": "..."}` as bytes, repositories as their trees, the rest as
 * JSON. In a template
 * `{{instructions}}`, `{{files}}` and `{{feedback}}` are replaced.
 * @returns the prompt, or what is wrong with the input.
 */
export function promptOf(workOrder: Uint8Array, template = DEFAULT_TEMPLATE): Prompt | { readonly problem: string } {
  const { input, feedback } = JSON.parse(Buffer.from(workOrder).toString('utf8')) as {
    input?: unknown;
    feedback?: string;
  };
  const members = typeof input === 'string' ? { [INSTRUCTIONS]: input } : input;
  const instructions = isObject(members) ? members[INSTRUCTIONS] : undefined;
  if (!isObject(members) || typeof instructions !== 'string' || instructions.trim() === '') {
    return { problem: `the input needs "${INSTRUCTIONS}", a text that says what to do` };
  }
  const trees = repositoriesIn(members);
  const others = Object.entries(members).filter(([name]) => name !== INSTRUCTIONS && !trees.has(name));
  const unfit = others.find(([name]) => !FILE_NAME.test(name));
  if (unfit !== undefined) {
    return {
      problem: `the input's ${JSON.stringify(unfit[0])} cannot be a file: its name needs letters, digits, _ . -`,
    };
  }
  const files = others.map(([name, value]) => ({ name, bytes: bytesOf(value) }));
  const told = feedback === undefined ? '' : `\n\nAn earlier attempt was rejected. The reason:\n${feedback}`;
  const values: Readonly<Record<string, string>> = {
    instructions,
    files: treesOf([...trees.keys()]) + listOf(files),
    feedback: told,
  };
  const text = template.replace(/\{\{(instructions|files|feedback)\}\}/g, (_all, name: string) => values[name] ?? '');
  return { text, files };
}
