// Starts the programs of a daemon: to begin another process takes the longer, the more memory a process has, and this one
// has little. It knows nothing and keeps nothing: its standard streams are sockets that the daemon listens for, and it ends
// with the daemon.
// node spawner.mjs <socket of the daemon>
import { spawn } from 'node:child_process';
import { rmSync, writeSync } from 'node:fs';
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

/** A socket to the daemon, which is connected at once, since both are on one host, or never. */
function open() {
  const socket = connect(path);
  socket.on('error', () => undefined);
  // A program expects to wait when it writes faster than it is read. Node does that for the first three alone.
  socket._handle.setBlocking(true);
  return socket;
}

/** Tells the daemon which stream of which program a socket is, before the program can say anything there. */
function label(socket, id, stream) {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32LE(id);
  bytes.writeUInt8(stream, 4);
  writeSync(socket._handle.fd, bytes);
}

process.on('message', ({ id, program, args, cwd, env, streams, answers }) => {
  const sockets = Array.from({ length: streams }, open);
  try {
    for (const [stream, socket] of sockets.entries()) label(socket, id, stream);
    const stdio = answers ? [...sockets, sockets[0]] : sockets;
    const child = spawn(program, args, { cwd, env, stdio, detached: true });
    child.on('error', ({ message }) => tell({ id, error: message }));
    child.on('exit', (code, signal) => tell({ id, code, signal }));
    if (child.pid !== undefined) tell({ id, pid: child.pid });
  } catch ({ message }) {
    tell({ id, error: message });
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});
