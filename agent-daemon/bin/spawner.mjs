// Starts the programs of a daemon: to begin another process takes the longer, the more memory a process has, and this one
// has little. It knows nothing and keeps nothing: its standard streams are sockets that the daemon listens for, and it ends
// with the daemon.
// node spawner.mjs <socket of the daemon>
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';

const [path] = process.argv.slice(2);

// Whoever ends the daemon's whole group lets the daemon decide when its programs end.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => undefined);

process.on('disconnect', () => {
  rmSync(dirname(path), { recursive: true, force: true });
  process.exit();
});

const tell = (message) => process.connected && process.send(message);

/** A socket to the daemon that has told which stream of which program it is. */
const open = (id, stream) =>
  new Promise((resolve, reject) => {
    const label = Buffer.alloc(5);
    label.writeUInt32LE(id);
    label.writeUInt8(stream, 4);
    const socket = connect(path);
    socket.once('error', reject);
    socket.write(label, () => resolve(socket));
  });

process.on('message', async ({ id, program, args, cwd, env, streams }) => {
  try {
    const stdio = await Promise.all(Array.from({ length: streams }, (_, stream) => open(id, stream)));
    // A program expects to wait when it writes faster than it is read. Node does that for the first three alone.
    for (const { _handle: handle } of stdio) handle.setBlocking(true);
    try {
      const child = spawn(program, args, { cwd, env, stdio, detached: true });
      child.on('error', ({ message }) => tell({ id, error: message }));
      child.on('exit', (code, signal) => tell({ id, code, signal }));
      if (child.pid !== undefined) tell({ id, pid: child.pid });
    } finally {
      for (const socket of stdio) socket.destroy();
    }
  } catch ({ message }) {
    tell({ id, error: message });
  }
});
