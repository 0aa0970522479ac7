import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Exit } from 'gatepost/stage/command';
import type { Actor } from './actor.js';
import { type Fault, LEDGER } from './faults.js';
import type { World } from './world.js';

/** What faults of one round act upon. */
export interface Target {
  readonly world: World;
  readonly coordinator: Actor;
  /** Told how a coordinator ended that another one had taken over from. */
  readonly onFenced: (exit: Exit) => void;
}

function actorOf({ world, coordinator }: Target, party: string): Actor {
  const actor = party === 'coordinator' ? coordinator : world.agents.get(party);
  if (actor === undefined) throw new RangeError(`no party ${party}`);
  return actor;
}

async function disturbWires({ world }: Target, kind: 'cut' | 'stall', names: readonly string[], ms: number) {
  const wires = names.map((name) => {
    const wire = world.wires.get(name);
    if (wire === undefined) throw new RangeError(`no wire ${name}`);
    return wire;
  });
  for (const wire of wires) wire[kind]();
  await sleep(ms);
  for (const wire of wires) wire.restore();
}

async function pause(target: Target, party: string, ms: number): Promise<void> {
  if (party !== LEDGER) return actorOf(target, party).pause(ms);
  const ledger = target.world.network.process;
  ledger?.kill('SIGSTOP');
  await sleep(ms);
  ledger?.kill('SIGCONT');
}

async function takeOver({ coordinator, onFenced }: Target, pausedMs: number): Promise<void> {
  const exit = await coordinator.replace(['--take-over'], pausedMs);
  if (exit !== undefined) onFenced(exit);
}

/** Lets a fault happen; resolves when it is over and what it ended was started again. */
export async function apply(fault: Fault, target: Target): Promise<void> {
  const { world } = target;
  switch (fault.kind) {
    case 'kill': {
      const forget = () => rmSync(join(world.directory, 'state'), { recursive: true, force: true });
      return actorOf(target, fault.party).end('SIGKILL', fault.downMs, fault.forgets ? forget : undefined);
    }
    case 'restart':
      return actorOf(target, fault.party).end('SIGTERM', fault.downMs);
    case 'pause':
      return pause(target, fault.party, fault.ms);
    case 'cut':
    case 'stall':
      return disturbWires(target, fault.kind, fault.wires, fault.ms);
    case 'take-over':
      return takeOver(target, fault.pausedMs);
    case 'lag':
      return world.control('PUT', '/mirror/lag', { ms: fault.lagMs });
    case 'end-streams':
      return world.control('POST', '/streams/end', { code: fault.code });
    case 'ledger':
      return world.control('POST', '/faults', fault.fault);
  }
}

/** Ends every fault that could go on. */
export async function heal({ wires, control }: World): Promise<void> {
  for (const wire of wires.values()) wire.restore();
  await control('DELETE', '/faults');
  await control('PUT', '/mirror/lag', { ms: 0 });
}
