import type { DocumentPath, PlanProblem } from '@gatepost/rules/plan/problem';
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';

/** A problem with its place in the file, both counted from 1. */
export interface PlacedProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Most syntax errors that are told; those that follow are mostly their consequence. */
const MAX_SYNTAX_ERRORS = 5;

/** Leading zeros, octal and hexadecimal. */
const AMBIGUOUS = /^[-+]?0[0-9a-z_]/i;

/** The text of a plan, YAML 1.2 or JSON, with the places of everything in it. */
export class PlanDocument {
  readonly #document: Document;
  readonly #lines = new LineCounter();
  /** A parser may repeat itself; the same problem at the same place is kept once. */
  readonly #problems = new Map<string, PlacedProblem>();

  constructor(text: string) {
    // Integers as bigint: a number would lose digits above 2^53 without a word.
    this.#document = parseDocument(text, { lineCounter: this.#lines, intAsBigInt: true, prettyErrors: false });
    for (const { code, pos, message } of this.#syntaxErrors()) {
      this.#place(pos[0], `${inWords(code, message)}; mend the YAML or JSON`);
    }
  }

  #syntaxErrors(): readonly YAMLError[] {
    return [...this.#document.errors, ...this.#document.warnings].slice(0, MAX_SYNTAX_ERRORS);
  }

  /** What is wrong so far, in the order of the file. */
  get problems(): readonly PlacedProblem[] {
    return [...this.#problems.values()].sort((a, b) => a.line - b.line || a.column - b.column);
  }

  /** The content as plain values: integers as numbers where exact, else as decimal text. */
  value(): unknown {
    if (this.#problems.size > 0) return undefined;
    try {
      return this.#document.toJS({ reviver: (_key, value) => plainInteger(value) });
    } catch (error) {
      this.#place(0, `${(error as Error).message}; mend the anchors and aliases`);
      return undefined;
    }
  }

  /** Adds a problem of the compiler, at its place. */
  report({ path, at, message }: PlanProblem): void {
    this.#place(this.#offset(path, at), message);
  }

  /**
   * Reports integers that readers would take for different numbers: those that JSON would round (amounts may be as long
   * as they like), and spellings that are octal to one reader of YAML and decimal to the other.
   */
  checkNumbers(): void {
    visit(this.#document, {
      Scalar: (_key, node, ancestors) => {
        if (typeof node.value !== 'bigint') return;
        const offset = node.range?.[0] ?? 0;
        const { source = '' } = node;
        if (AMBIGUOUS.test(source)) {
          this.#place(offset, `${source} is read as different numbers; write ${node.value} plainly, or text in quotes`);
          return;
        }
        if (typeof plainInteger(node.value) === 'number') return;
        const inInput = ancestors.some((above) => isPair(above) && isScalar(above.key) && above.key.value === 'input');
        if (inInput) this.#place(offset, `${node.value} is too long for a JSON number; write it in quotes`);
      },
    });
  }

  #place(offset: number, message: string): void {
    const { line, col } = this.#lines.linePos(offset);
    const problem = { line: Math.max(line, 1), column: Math.max(col, 1), message };
    this.#problems.set(JSON.stringify(problem), problem);
  }

  /** Where a path leads, or as far as it does: what is missing is reported at what should hold it. */
  #offset(path: DocumentPath, at: 'key' | 'value'): number {
    let node: unknown = this.#document.contents;
    let offset = startOf(node, 0);
    for (const [index, step] of path.entries()) {
      if (isAlias(node)) node = node.resolve(this.#document);
      if (isSeq(node)) {
        node = node.items[Number(step)];
      } else if (isMap(node)) {
        const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step));
        if (pair === undefined) return offset;
        if (at === 'key' && index === path.length - 1) return startOf(pair.key, offset);
        node = pair.value ?? pair.key;
      } else return offset;
      offset = startOf(node, offset);
    }
    return offset;
  }
}

function inWords(code: string, message: string): string {
  if (code === 'MULTIPLE_DOCS') return 'a second YAML document begins here';
  // So the parser says it of itself.
  if (message.includes('call stack')) return 'what begins here is nested too deeply';
  return message.replace(/\s+/g, ' ');
}

const startOf = (node: unknown, otherwise: number): number =>
  isNode(node) ? ((node as Node).range?.[0] ?? otherwise) : otherwise;

function plainInteger(value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}
