import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ENVIRONMENT, LIBRARY_VARIABLES } from '@gatepost/shared/config/environment';
import type { Problem } from '@gatepost/shared/doctor/check';
import { CHECKS } from '@gatepost/shared/doctor/checks';
import { ERROR_KINDS, EXIT_CODES } from '@gatepost/shared/vocabulary/errors';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** First cells of the rows of a Markdown table, without their backquotes. */
const firstCells = (markdown: string) => [...markdown.matchAll(/^\| `([^`]+)` \|/gm)].map(([, cell]) => cell ?? '');

describe('documents say what the code says', () => {
  it('.env.example lists exactly the variables that are read', () => {
    const listed = [...read('.env.example').matchAll(/^(?:# )?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name);
    expect(listed.sort()).toEqual(Object.keys(ENVIRONMENT).sort());
  });

  it('whoever packs the packages is told all of them', () => {
    const { workspaces } = JSON.parse(read('package.json')) as { workspaces: readonly string[] };
    const packed = workspaces.filter((one) => JSON.parse(read(`${one}/package.json`)).private !== true);
    for (const document of ['README.md', 'deploy/Dockerfile']) {
      const [, command = ''] = /npm pack (.*) --pack-destination/.exec(read(document)) ?? [];
      expect(command.split(/ ?-w /).filter(Boolean).sort(), document).toEqual([...packed].sort());
    }
  });

  it('.env.example holds no secret', () => {
    for (const [name, { secret }] of Object.entries(ENVIRONMENT)) {
      if (secret) expect(read('.env.example'), name).toMatch(new RegExp(`^${name}=$`, 'm'));
    }
  });

  it('docs/errors.md lists exactly the error codes, with their exit codes and advice', () => {
    const text = read('docs/errors.md');
    expect(firstCells(text).sort()).toEqual(Object.keys(ERROR_KINDS).sort());
    for (const [code, { exitCode, actor, advice }] of Object.entries(ERROR_KINDS)) {
      expect(text, code).toContain(`| \`${code}\` | ${exitCode} | ${actor} | ${advice} |`);
    }
  });

  it('docs/environment.md lists exactly the variables that are read and the exit codes, with what they say', () => {
    const [, variables = '', libraries = '', exits = ''] = read('docs/environment.md').split(/^## /m);
    const rowsOf = (section: string) =>
      [...section.matchAll(/^\| `([^`]+)` \| (.*) \|$/gm)].map(([, ...cells]) => cells);
    expect(rowsOf(variables)).toEqual(Object.entries(ENVIRONMENT).map(([name, { what }]) => [name, what]));
    expect(rowsOf(libraries)).toEqual(Object.entries(LIBRARY_VARIABLES));
    expect(rowsOf(exits)).toEqual(Object.entries(EXIT_CODES));
  });

  it('no command ends with an exit code that is not listed, and each listed one ends some', () => {
    const sources = execFileSync('git', ['ls-files', '*/src/**.ts'], { cwd: ROOT, encoding: 'utf8' })
      .trim()
      .split('\n');
    const literal = /(?:process\.exit\(|exitCode(?: =|:) |return |exit\(|READER_GONE = )(\d+)(?=[);,\n])/g;
    const used = new Set<string>();
    for (const source of sources.filter((path) => !path.startsWith('test/') && /\/(cli|main|errors)/.test(path))) {
      for (const [, code = ''] of read(source).matchAll(literal)) used.add(code);
    }
    expect([...used].sort()).toEqual(Object.keys(EXIT_CODES).sort());
  });

  it('docs/doctor.md lists exactly what doctors look at and can find, with levels, advice and codes', () => {
    const text = read('docs/doctor.md');
    const problems = Object.entries(CHECKS).flatMap(([id, check]) =>
      Object.entries<Problem>(check.problems).map(([problem, entry]) => [`${id}.${problem}`, entry] as const),
    );
    const ids = [...Object.keys(CHECKS), ...problems.map(([id]) => id)];
    expect(ids.length).toBeGreaterThan(50);
    expect(firstCells(text).sort()).toEqual(ids.sort());
    for (const [id, { by, looksAt }] of Object.entries(CHECKS)) {
      expect(text).toContain(`| \`${id}\` | ${by.length === 3 ? 'all' : by.join(', ')} | ${looksAt} |`);
    }
    for (const [id, { level, what, advice, code }] of problems) {
      expect(text).toContain(
        `| \`${id}\` | ${level} | ${what} | ${advice} | ${code === undefined ? '' : `\`${code}\``} |`,
      );
    }
  });

  it('docs/limits.md lists exactly the bounds in the sources, with their values and words; npm run limits writes it', () => {
    const page = execFileSync(process.execPath, ['scripts/limits.mjs', '--print'], { cwd: ROOT, encoding: 'utf8' });
    expect(firstCells(page).length).toBeGreaterThan(100);
    for (const bound of ['MAX_OUTPUT_BYTES', 'MAX_FETCHES', 'MAX_ENDS', 'MAX_TASK_ID']) expect(page).toContain(bound);
    expect(read('docs/limits.md')).toBe(page);
  });

  it('links lead to files that are there', () => {
    const documents = execFileSync('git', ['ls-files', '*.md'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');
    expect(documents).toContain('README.md');
    for (const document of documents) {
      for (const [, link] of read(document).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (link === undefined || /^[a-z]+:/.test(link)) continue;
        expect(existsSync(join(ROOT, dirname(document), link)), `${document}: ${link}`).toBe(true);
      }
    }
  });

  /** The cells "cannot" of the threat model, by who, split into what is said of each. */
  const cannots = (): [who: string, what: string][] => {
    const [, model = ''] = read('docs/security.md').split('\n## Threat model\n');
    const rows = [...(model.split('\n## ')[0] ?? '').matchAll(/^\| (.*) \| (.*) \| (.*) \|$/gm)].slice(2);
    return rows.flatMap(([, who = '', , cannot = '']) =>
      cannot.split(' · ').map((what): [string, string] => [who, what]),
    );
  };
  const testsNamedIn = (text: string) => [...text.matchAll(/`([\w/-]+\.test\.ts): ([^`]+)`/g)];

  it('each "cannot" of docs/security.md names a test, for everybody who may be hostile', () => {
    expect(new Set(cannots().map(([who]) => who)).size).toBe(14);
    for (const [who, what] of cannots()) expect(testsNamedIn(what).length, `${who}: ${what}`).toBeGreaterThan(0);
  });

  it('each test that docs/security.md names is there by that title', () => {
    const named = testsNamedIn(read('docs/security.md'));
    expect(named.length).toBeGreaterThan(30);
    for (const [, file = '', title = ''] of named) {
      expect(existsSync(join(ROOT, file)), file).toBe(true);
      const source = read(file).replaceAll('\\u2019', '\u2019');
      // A title is a whole literal: of a test, a group, or a row of cases.
      expect(
        ["'", '"', '`'].some((quote) => source.includes(`${quote}${title}${quote}`)),
        `${file}: ${title}`,
      ).toBe(true);
    }
  });

  it('commands named for npm run are there', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const document of ['README.md', 'ARCHITECTURE.md']) {
      for (const [, name] of read(document).matchAll(/npm run ([a-z0-9:]+)(?! -w)/g)) {
        expect(scripts, `${document}: npm run ${name}`).toHaveProperty([name ?? '']);
      }
    }
  });
});
