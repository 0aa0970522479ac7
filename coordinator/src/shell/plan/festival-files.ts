import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { parse } from 'yaml';
import type { FestivalFile, ImportNote } from '../../core/festival/festival-file.js';

/** Deepest directory that is read: festival, phase, sequence and one more. */
const MAX_DEPTH = 4;
/** Most files of one festival. */
const MAX_FILES = 20_000;
/** Directories that hold what tasks produced, or templates. */
const SKIPPED = new Set(['results', 'node_modules', 'gates', 'templates', 'output_specs', 'findings']);

/** The Markdown files of a festival directory, and what could not be read. */
export interface FestivalDirectory {
  readonly files: readonly FestivalFile[];
  readonly notes: readonly ImportNote[];
}

/** @throws GatepostError USAGE when the directory cannot be read or holds too much. */
export function readFestival(directory: string): FestivalDirectory {
  const files: FestivalFile[] = [];
  const notes: ImportNote[] = [];
  const visit = (relative: string, depth: number): void => {
    for (const entry of entriesOf(join(directory, relative))) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory()) {
        if (SKIPPED.has(entry.name)) notes.push({ path, message: 'not read' });
        else if (depth < MAX_DEPTH) visit(path, depth + 1);
        else notes.push({ path, message: 'deeper than a festival goes; not read' });
      } else if (/\.md$/i.test(entry.name)) {
        if (files.length >= MAX_FILES)
          throw new GatepostError('USAGE', `${directory} holds more than ${MAX_FILES} files`);
        files.push(readFile(directory, path, notes));
      }
    }
  };
  visit('', 1);
  return { files, notes };
}

function entriesOf(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    const message = `cannot read the directory ${directory}: ${(error as Error).message}`;
    throw new GatepostError('USAGE', message, { directory }, error);
  }
}

const FRONT_MATTER = /^\s*---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/;

function readFile(directory: string, path: string, notes: ImportNote[]): FestivalFile {
  let body = readFileSync(join(directory, path), 'utf8').replace(/^\uFEFF/, '');
  let fields: Record<string, unknown> = {};
  // A file made from a template may begin with the template's own front matter.
  for (
    let block = FRONT_MATTER.exec(body);
    block !== null && !('fest_type' in fields);
    block = FRONT_MATTER.exec(body)
  ) {
    fields = { ...fields, ...frontMatter(block[1] ?? '', path, notes) };
    body = body.slice(block[0].length);
  }
  return { path, fields, body };
}

function frontMatter(text: string, path: string, notes: ImportNote[]): Record<string, unknown> {
  try {
    const parsed: unknown = parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch (error) {
    notes.push({ path, message: `its front matter is no YAML: ${(error as Error).message.split('\n')[0]}` });
    return {};
  }
}
