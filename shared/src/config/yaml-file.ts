import { readFileSync } from 'node:fs';
import { type Document, isMap, isNode, isPair, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { GatepostError } from '../vocabulary/errors.js';

function read(path: string, command: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const mend = missing ? `no such file; create it with: ${command} init --config <file>` : (error as Error).message;
    throw new GatepostError('INVALID_CONFIG', `cannot read ${path}: ${mend}`, { path }, error);
  }
}

/** Where a path of the document stands: the key itself for what a map should not have, else the deepest node there. */
function offsetOf(document: Document, path: readonly PropertyKey[], key?: string): number {
  const keys = path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  for (let depth = keys.length; depth >= 0; depth -= 1) {
    const node = depth === 0 ? document.contents : document.getIn(keys.slice(0, depth), true);
    if (key !== undefined && isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && String(item.key) === key);
      if (isNode(pair?.key) && pair.key.range) return pair.key.range[0];
    }
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function describe(issue: z.core.$ZodIssue): { message: string; keys: readonly (string | undefined)[] } {
  if (issue.code === 'unrecognized_keys') return { message: 'unknown key', keys: issue.keys };
  return { message: issue.message, keys: [undefined] };
}

/**
 * Reads a YAML file against a schema.
 * @param command whose `init` makes the file.
 * @throws GatepostError INVALID_CONFIG naming every problem with file, line and column, one per line.
 */
export function readYamlFile<T>(path: string, schema: z.ZodType<T>, command: string): T {
  const lines = new LineCounter();
  const document = parseDocument(read(path, command), { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  const broken = document.errors.map((error) => `${at(error.pos[0])}: ${error.message}`);
  if (broken.length > 0) throw new GatepostError('INVALID_CONFIG', broken.join('\n'), { path });
  const checked = schema.safeParse(document.toJS() ?? {});
  if (checked.success) return checked.data;
  const problems = checked.error.issues.flatMap((issue) => {
    const { message, keys } = describe(issue);
    return keys.map((key) => {
      const name = [...issue.path, ...(key === undefined ? [] : [key])].join('.');
      return `${at(offsetOf(document, issue.path, key))}: ${name === '' ? '' : `${name}: `}${message}`;
    });
  });
  throw new GatepostError('INVALID_CONFIG', problems.join('\n'), { path });
}
