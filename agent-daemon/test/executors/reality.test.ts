import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HOSTS, lineOf, observe, USERS } from '../support/confinement-table.mjs';

const DOCUMENT = readFileSync(join(import.meta.dirname, '../../../docs/security.md'), 'utf8');
const available = (program: string) => spawnSync(program, ['--version']).status === 0;
/** Hosts that can be had here, and what each ends up with. */
const hosts = Object.keys(HOSTS).filter((host) =>
  host === 'bubblewrap' ? available('bwrap') : host === 'neither' || available('unshare'),
);

describe.each(Object.keys(USERS))('what doctor and online say is what is true, run by %s', (user) => {
  it.each(hosts)('on a host with %s, and the document says so', { timeout: 60_000 }, (host) => {
    const { mechanism, announced, reality } = observe(user, host);
    expect(announced.includes('own_files')).toBe(!reality.files);
    expect(announced.includes('own_processes')).toBe(!reality.processes);
    expect(announced.includes('no_network')).toBe(!reality.network);
    expect(announced.includes('process_tree')).toBe(!reality.escaped);
    if (mechanism !== 'none') expect(reality.kernel).toBe(false);
    // Where the kernel denies what the programs need, the row of the document is another one.
    if ({ bubblewrap: 'bubblewrap', namespaces: 'unshare alone', none: 'neither' }[mechanism] === host) {
      expect(DOCUMENT).toContain(lineOf(user, host));
    }
  });

  it('a confined command can open no file below /proc and /sys for writing', { timeout: 60_000 }, () => {
    const { mechanism, reality } = observe(user, 'bubblewrap', 'walk');
    expect(reality.opened).toEqual([]);
    if (mechanism === 'bubblewrap') expect(reality.uid).not.toBe(0);
  });
});
