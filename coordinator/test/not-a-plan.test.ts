import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPlan } from '@gatepost/party/plan/plan-file';
import { describe, expect, it, onTestFinished } from 'vitest';

const MAIN = join(import.meta.dirname, '../bin/coordinator.js');

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'gatepost-not-a-plan-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function problemsOf(name: string, content: string | Buffer): string {
  const path = join(directory(), name);
  writeFileSync(path, content);
  try {
    loadPlan(path);
  } catch (error) {
    return (error as Error).message.replaceAll(path, name);
  }
  return 'none';
}

describe('a document of a festival, given as a plan', () => {
  const front = (fields: string) => `---\n${fields}\n---\n\n# Sequence Goal\n\n- [ ] a box: unchecked\n`;

  it.each([
    ['goal.md', front('fest_type: sequence\nfest_id: 01_x\nfest_order: 1')],
    ['FESTIVAL_GOAL.md', front('fest_type: festival\nfest_name: x')],
    ['01_task.md', `\uFEFF${front('fest_type: task')}`],
    ['01_task.md', `---\nid: template\n---\n\n${front('fest_type: gate')}`],
    ['plan.yaml', front('fest_type: phase')],
    ['fest.yaml', 'version: "1.0"\nmetadata:\n    id: XX0001\n    name: example\nquality_gates:\n    enabled: true\n'],
    ['fest.yml', 'version: "1.0"\n'],
    ['other.yaml', 'metadata:\n  name: example\nexcluded_patterns: []\n'],
  ])('is recognised as %s', (name, content) => {
    expect(problemsOf(name, content)).toBe(
      `${name}:1:1: this is a document of a festival, not a plan; turn the festival into one with "coordinator import <directory> --out plan.yaml"`,
    );
  });

  it('is told from other Markdown, and a directory from both', () => {
    expect(problemsOf('notes.md', '# Notes\n')).toMatch(
      /^notes.md:1:1: this is a Markdown document.*coordinator import/,
    );
    const path = directory();
    mkdirSync(join(path, 'festival'));
    expect(() => loadPlan(join(path, 'festival'))).toThrow(/is a directory.*coordinator import/);
  });

  it('ends the command with code 2 and that one hint', () => {
    const path = join(directory(), 'goal.md');
    writeFileSync(path, front('fest_type: sequence'));
    const { status, stderr } = spawnSync(process.execPath, [MAIN, 'run', path], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toContain('coordinator import');
    expect(stderr).not.toMatch(/unknown key|second YAML/);
  });

  it('is not seen in a plan that speaks of such things', () => {
    const plan = 'name: p\nsequences:\n  - id: s\n    tasks:\n      - { id: a, type: t, input: { metadata: 1 } }\n';
    expect(problemsOf('plan.yaml', plan)).toBe('none');
  });
});

describe('a plan that is not UTF-8', () => {
  const plan = (name: Buffer) =>
    Buffer.concat([
      Buffer.from('name: p\nsequences:\n  - id: s\n    tasks:\n      - { id: a, type: t, input: "'),
      name,
      Buffer.from('" }\n'),
    ]);

  it.each([
    ['one byte of another encoding', Buffer.from([0x61, 0xe4, 0x62]), 36],
    ['a character cut short', Buffer.from([0xc3]), 35],
    ['after characters of several bytes', Buffer.concat([Buffer.from('äöü'), Buffer.from([0xff])]), 38],
    ['a surrogate', Buffer.from([0xed, 0xa0, 0x80]), 35],
  ])('is refused where it stops to be: %s', (_what, bytes, column) => {
    expect(problemsOf('plan.yaml', plan(bytes))).toBe(
      `plan.yaml:5:${column}: is not UTF-8 from here on; save the file as UTF-8`,
    );
  });

  it('is refused as JSON, too', () => {
    expect(problemsOf('plan.json', Buffer.from('{"name": "\xe4"}', 'latin1'))).toContain(
      'plan.json:1:11: is not UTF-8',
    );
  });

  const wide = (size: 2 | 4, isBigEndian: boolean, text: string): Buffer => {
    const bytes = Buffer.from([...text].flatMap((one) => [one.codePointAt(0) ?? 0, 0, 0, 0].slice(0, size)));
    if (!isBigEndian) return bytes;
    return size === 2 ? bytes.swap16() : bytes.swap32();
  };

  it.each([
    ['UTF-16LE', wide(2, false, 'name: p\n')],
    ['UTF-16BE', wide(2, true, 'name: p\n')],
    ['UTF-32LE', wide(4, false, 'name: p\n')],
    ['UTF-32BE', wide(4, true, 'name: p\n')],
    ['UTF-16', Buffer.from('\uFEFFname: p\n', 'utf16le')],
    ['UTF-16', Buffer.from('\uFEFFname: p\n', 'utf16le').swap16()],
    ['UTF-32', Buffer.concat([Buffer.from([0xff, 0xfe, 0, 0]), wide(4, false, 'name: p\n')])],
    ['UTF-32', Buffer.concat([Buffer.from([0, 0, 0xfe, 0xff]), wide(4, true, 'name: p\n')])],
  ])('is called what it is, with a way to mend it: %s', (encoding, bytes) => {
    const told = `1:1: is ${encoding}, not UTF-8; save the file as UTF-8, for example with "iconv -f ${encoding} -t UTF-8"`;
    for (const name of ['plan.yaml', 'plan.json']) expect(problemsOf(name, bytes)).toBe(`${name}:${told}`);
  });

  it('may be one long line: where it breaks is found at once', () => {
    const long = Buffer.concat([Buffer.from(`# ${'ä'.repeat(1_000_000)}`), Buffer.from([0xe4, 0x20, 0x20])]);
    const beganMs = Date.now();
    expect(problemsOf('plan.yaml', long)).toContain('plan.yaml:1:1000003: is not UTF-8');
    expect(Date.now() - beganMs).toBeLessThan(10_000);
  });

  it('is no matter of what merely looks unusual', () => {
    expect(problemsOf('plan.yaml', plan(Buffer.from('ä 漢字 🙂 \u202e')))).toBe('none');
  });

  it('has its schema files read as strictly', () => {
    const path = directory();
    writeFileSync(join(path, 's.json'), Buffer.from('{"title": "\xe4"}', 'latin1'));
    writeFileSync(
      join(path, 'plan.yaml'),
      'name: p\nsequences:\n  - id: s\n    tasks:\n      - { id: a, type: t, gate: { schema: s.json } }\n',
    );
    expect(() => loadPlan(join(path, 'plan.yaml'))).toThrow(
      /line 1, column 12 of the JSON Schema s\.json: is not UTF-8 from here on; save the file as UTF-8/,
    );
  });
});
