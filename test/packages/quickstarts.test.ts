import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CHECKOUT } from '../src/stage/layout.js';
import { FROM_CACHE, HostDirectory } from './host-directory.js';
import { Hosts } from './hosts.js';
import { commandsOf, expectDone, readDocument, Terminals } from './terminals.js';

const directory = new HostDirectory('quickstarts');
const terminals = new Terminals();

beforeAll(() => directory.install(), 300_000);
afterAll(() => {
  terminals.close();
  directory.remove();
}, 300_000);

it("README.md leads to agents of one's own in six commands", { timeout: 120_000 }, async () => {
  const [block = '', ...others] = commandsOf('README.md').filter((text) => text.includes('gatepost network'));
  expect(others).toEqual([]);
  const lines = block.split('\n').map((line) => line.replace(/ +#.*$/, ''));
  const [network = '', setup = '', agent = '', run = '', verify = '', bill = '', ...more] = lines;
  expect(more).toEqual([]);
  // What a checkout has, as far as these commands can tell.
  const cwd = directory.installed('checkout');
  symlinkSync(join(CHECKOUT, 'examples'), join(cwd, 'examples'));
  const { addresses } = await terminals.network(cwd, network);
  expectDone(terminals.run(cwd, setup, addresses));
  await terminals.serve(cwd, agent, /serves|ready|listen/i);
  expect(expectDone(terminals.run(cwd, run))).toContain('1 of 1 tasks complete, 250 paid');
  expect(expectDone(terminals.run(cwd, verify))).toContain('rules hold: what was paid was paid once');
  expect(expectDone(terminals.run(cwd, bill))).toContain('total: 250 tokens');
});

describe('the quickstarts lead to a paid run in six commands', () => {
  it('docs/quickstart-local.md', { timeout: 180_000 }, async () => {
    const [install = '', network = '', setup = '', agent = '', run = '', verify = '', ...more] =
      commandsOf('docs/quickstart-local.md');
    expect(more).toEqual([]);
    const cwd = directory.withPackages('local');
    expectDone(terminals.run(cwd, install, FROM_CACHE));
    const { addresses } = await terminals.network(cwd, network);
    expectDone(terminals.run(cwd, setup, addresses));
    // The folders that setup made say which network theirs is.
    await terminals.serve(cwd, agent, /serves|ready|listen/i);
    expect(expectDone(terminals.run(cwd, run))).toContain('1 of 1 tasks complete, 250 paid');
    expect(expectDone(terminals.run(cwd, verify))).toContain('rules hold: what was paid was paid once');
  });

  it('docs/quickstart-testnet.md, on a network that is as late as testnet', { timeout: 240_000 }, async () => {
    const [install, dryRun = '', setup = '', agent = '', run = '', verify = '', bill = '', ...more] =
      commandsOf('docs/quickstart-testnet.md');
    expect([install, more]).toEqual(['npm install ./packages/*.tgz', []]);
    const cwd = directory.installed('testnet');
    const { addresses, operator } = await terminals.network(cwd, 'npx gatepost network --profile testnet');
    // What a person writes into .env for testnet, with this network in its place.
    const variables = { GATEPOST_NETWORK: 'local', ...addresses, ...operator };
    const named = [...readDocument('docs/quickstart-testnet.md').matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);
    expect(Object.keys(variables)).toEqual(expect.arrayContaining(named));
    writeFileSync(
      join(cwd, '.env'),
      Object.entries(variables)
        .map((pair) => `${pair.join('=')}\n`)
        .join(''),
    );
    expect(expectDone(terminals.run(cwd, dryRun))).toContain('would make: an account for coordinator');
    expect(existsSync(join(cwd, 'coordinator'))).toBe(false);
    expectDone(terminals.run(cwd, setup));
    await terminals.serve(cwd, agent, /serves|ready|listen/i);
    expect(expectDone(terminals.run(cwd, run))).toContain('1 of 1 tasks complete, 250 paid');
    expect(expectDone(terminals.run(cwd, verify))).toContain('rules hold: what was paid was paid once');
    expect(expectDone(terminals.run(cwd, bill))).toContain('total: 250 tokens');
  });

  it('docs/quickstart-hosts.md, in network namespaces', { timeout: 180_000 }, async (context) => {
    const document = 'docs/quickstart-hosts.md';
    const [install, network = '', setup = '', copy = '', agent = '', run = '', verify = '', ...more] =
      commandsOf(document);
    expect([install, more]).toEqual(['npm install ./packages/*.tgz', []]);
    const addresses = [...new Set(readDocument(document).match(/\b10\.77\.0\.\d\b/g))].sort();
    expect(addresses).toHaveLength(3);
    const [first = '', ...others] = addresses;
    const hosts = Hosts.open(addresses);
    if (typeof hosts === 'string') return context.skip(hosts);
    onTestFinished(() => hosts.close());
    // Namespaces share their disk: each host has a directory, and scp copies from one to the other.
    const here = directory.installed('host');
    const bin = join(here, 'bin');
    mkdirSync(bin);
    const scp = ['#!/bin/sh', 'shift', 'exec cp -rp "$1" "$(echo "$2" | sed "s/\\(.*\\):\\(.*\\)/\\2-\\1/")"', ''].join(
      '\n',
    );
    writeFileSync(join(bin, 'scp'), scp, { mode: 0o755 });
    for (const address of others) directory.installed(`host-${address}`);
    await hosts.on(first).serve(here, network, /controls/);
    expectDone(hosts.on(first).run(here, setup));
    expectDone(hosts.on(first).run(here, copy, { PATH: `${bin}:${process.env.PATH}` }));
    for (const address of others) await hosts.on(address).serve(`${here}-${address}`, agent, /serves|ready|listen/i);
    expect(expectDone(hosts.on(first).run(here, run))).toContain('1 of 1 tasks complete, 250 paid');
    expect(expectDone(hosts.on(first).run(here, verify))).toContain('rules hold: what was paid was paid once');
  });
});
