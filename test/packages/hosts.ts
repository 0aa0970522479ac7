import { spawnSync } from 'node:child_process';
import { Terminals } from './terminals.js';

const ip = (...args: readonly string[]) => spawnSync('ip', args, { encoding: 'utf8' });

/** Hosts on one network, made of network namespaces: each has an address and a loopback of its own. */
export class Hosts {
  readonly terminals = new Map<string, Terminals>();

  private constructor(readonly names: readonly string[]) {}

  /** Hosts with these addresses; a text says why there cannot be any here. */
  static open(addresses: readonly string[]): Hosts | string {
    const own = `gp${process.pid}`;
    const lan = `${own}-lan`;
    const names = addresses.map((_, index) => `${own}-${index + 1}`);
    const hosts = new Hosts([lan, ...names]);
    const steps = [
      ['netns', 'add', lan],
      ['-n', lan, 'link', 'add', 'lan0', 'type', 'bridge'],
      ['-n', lan, 'link', 'set', 'lan0', 'up'],
      ...addresses.flatMap((address, index) => {
        const name = names[index] ?? '';
        const port = `p${index + 1}`;
        return [
          ['netns', 'add', name],
          ['-n', name, 'link', 'set', 'lo', 'up'],
          ['-n', lan, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name],
          ['-n', lan, 'link', 'set', port, 'master', 'lan0', 'up'],
          ['-n', name, 'addr', 'add', `${address}/24`, 'dev', 'eth0'],
          ['-n', name, 'link', 'set', 'eth0', 'up'],
        ];
      }),
    ];
    for (const step of steps) {
      const { status, stderr, error } = ip(...step);
      if (status === 0) continue;
      hosts.close();
      return `network namespaces cannot be made here: ip ${step.join(' ')}: ${error?.message ?? stderr.trim()}`;
    }
    for (const [index, address] of addresses.entries())
      hosts.terminals.set(address, new Terminals(['ip', 'netns', 'exec', names[index] ?? '']));
    return hosts;
  }

  /** Terminals on one of the hosts. */
  on(address: string): Terminals {
    const found = this.terminals.get(address);
    if (found === undefined) throw new Error(`no host ${address}`);
    return found;
  }

  /** Ends what serves on them, and takes them away. */
  close(): void {
    for (const terminals of this.terminals.values()) terminals.close();
    for (const name of this.names) ip('netns', 'del', name);
  }
}
