import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FrontDoor } from '../src/server/front-door.js';

const MORE_THAN_A_STRANGER_NEEDS = Buffer.alloc(200_000);

describe('what comes in is looked at', () => {
  let door: FrontDoor;
  let port: number;
  const callers: Socket[] = [];

  /** A caller who is inside, and what it is called there. */
  async function enter(): Promise<{ readonly caller: Socket; readonly peer: string }> {
    const before = door.size;
    const caller = connect(port, '127.0.0.1');
    caller.on('error', () => undefined);
    callers.push(caller);
    await once(caller, 'connect');
    await vi.waitUntil(() => door.size > before);
    return { caller, peer: `127.0.0.1:${caller.localPort}` };
  }

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    door = new FrontDoor({ connections: 10, idleMs: 60_000 }, (socket) => void socket.resume());
    port = await door.open('127.0.0.1:0');
  });

  afterEach(() => {
    door.close();
    for (const caller of callers.splice(0)) caller.destroy();
    vi.useRealTimers();
  });

  it('not before somebody comes, and no longer than somebody is there who has proven nothing', async () => {
    expect(vi.getTimerCount()).toBe(0);
    const { peer } = await enter();
    vi.advanceTimersByTime(1_000);
    expect(vi.getTimerCount()).toBe(1);
    door.proven(peer);
    vi.advanceTimersByTime(1_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('again when a stranger comes after that', async () => {
    const known = await enter();
    door.proven(known.peer);
    vi.advanceTimersByTime(1_000);
    const { caller } = await enter();
    caller.write(MORE_THAN_A_STRANGER_NEEDS);
    const ended = once(caller, 'close');
    await vi.waitUntil(() => {
      vi.advanceTimersByTime(100);
      return caller.destroyed || door.size === 1;
    });
    await ended;
    expect(known.caller.destroyed).toBe(false);
  });
});
