// Prints, as Markdown, what `doctor` and `online` say and what a command can really do, for each kind of user and host
// that can be had here: as root all of them, as anybody else one half. `npm run confinement-table -w agent-daemon`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('reality.mjs', import.meta.url));
const NOBODY = 65_534;
export const HOSTS = { bubblewrap: 'bwrap,unshare', 'unshare alone': 'unshare', neither: '' };

/** Users that this process can run a daemon as. */
export const USERS =
  process.getuid() === 0 ? { root: {}, 'ordinary user': { uid: NOBODY, gid: NOBODY } } : { 'ordinary user': {} };

/** What is said and what is true for one kind of user and host. */
export function observe(user, host, ...options) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, HOSTS[host], ...options], {
    ...USERS[user],
    encoding: 'utf8',
    maxBuffer: 64 * 1_048_576,
  });
  if (status !== 0) throw new Error(`${user}, ${host}: ${stderr}`);
  return JSON.parse(stdout);
}

export const HEAD = `| the daemon runs as | on a host with | \`doctor\` says | \`online.enforces\` | reads other files | sees other processes | reaches the network | writes kernel settings | leaves processes behind |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |`;

/** One line of the table. */
export function lineOf(user, host) {
  const { doctor, announced, reality } = observe(user, host);
  const { files, processes, network, kernel, escaped } = reality;
  const answers = [files, processes, network, kernel, escaped].map((yes) => (yes ? 'yes' : 'no'));
  return `| ${[user, host, doctor, announced.join(', '), ...answers].join(' | ')} |`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lines = Object.keys(USERS).flatMap((user) => Object.keys(HOSTS).map((host) => lineOf(user, host)));
  process.stdout.write(`${[HEAD, ...lines].join('\n')}\n`);
}
