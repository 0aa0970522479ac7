// Writes docs/limits.md: every named bound in the sources with the words beside it. With --print it only shows it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FILE = join(ROOT, 'docs/limits.md');
const PACKAGES = ['coordinator', 'agent-daemon', 'gatekeeper', 'party', 'rules', 'shared', 'local-ledger', 'gatepost'];

/** Names that bound something: by how they begin, or by their unit. */
const BOUND =
  /^(MAX|MIN|MOST|LONGEST|DEFAULT)_|_(MS|BYTES|CHARS|LINES)$|^(IN_FLIGHT|WAITING|FRUITLESS|OPEN_ATTEMPTS|NAMED|KILL_ROUNDS|TRIES|DOUBTED_AFTER|MISSED_BEATS)$/;
/** Units, and sizes of things that are always the same, bound nothing. */
const NO_BOUND = /_PER_|^(KIB|MIB|HOUR_MS|DAY_MS|PAGE_BYTES|NONCE_BYTES|RANDOM_BYTES|SEAL_BYTES)$/;
const DECLARATION =
  /(?:\/\*\*\s*((?:(?!\*\/)[\s\S])*?)\s*\*\/\n)?^(?:export )?const ([A-Z][A-Z0-9_]*)(?:: \w+)? = ([-\d_n.*+/() A-Z]+);$/gm;

function* sources(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && entry.name !== 'gen' && entry.name !== 'bench') yield* sources(path);
    else if (entry.name.endsWith('.ts')) yield path;
  }
}

const oneLine = (words = '') =>
  words
    .replace(/\s*\n\s*\*\s?/g, ' ')
    .replaceAll('|', '\\|')
    .trim();

/** The bounds of a source file in the order in which they stand there. */
function boundsIn(text) {
  const found = [...text.matchAll(DECLARATION)].map(([, words, name, value]) => ({
    name,
    value,
    words: oneLine(words),
  }));
  return found.filter(({ name, value }) => BOUND.test(name) && !NO_BOUND.test(name) && /\d|[A-Z]{3}/.test(value));
}

/** The page as the sources have it now. */
function limitsPage() {
  const parts = PACKAGES.map((name) => {
    const rows = [...sources(join(ROOT, name, 'src'))].sort().flatMap((path) => {
      const where = relative(join(ROOT, name, 'src'), path);
      return boundsIn(readFileSync(path, 'utf8')).map(
        ({ name: bound, value, words }) =>
          `| \`${bound}\` | ${value.replaceAll('*', '\\*')} | ${words} | \`${where}\` |`,
      );
    });
    return `## ${name}\n\n| bound | value | what it bounds | where |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
  });
  return `# Limits

Every bound that is fixed in the sources, with the words that stand beside it there. Milliseconds end in \`_MS\`, bytes in
\`_BYTES\`. What can be configured is in [coordinator.md](coordinator.md) and [agent-daemon.md](agent-daemon.md). This page
is made by \`node scripts/limits.mjs\`; a test compares it with the sources.

${parts.join('\n')}`;
}

if (process.argv.includes('--print')) process.stdout.write(limitsPage());
else writeFileSync(FILE, limitsPage());
