// Runs inside a confinement without a network: leads connections to a port of its loopback to a socket of the daemon,
// which decides where they may go, and runs the program beside it.
// node exit-forwarder.mjs <socket> <port> <program> [arguments]
import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';

const SIGNALED = 128;
const [socket, port, program, ...args] = process.argv.slice(2);

const server = createServer((inner) => {
  const outer = connect(socket);
  for (const [one, other] of [
    [inner, outer],
    [outer, inner],
  ]) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
    one.pipe(other);
  }
});

server.listen(Number(port), '127.0.0.1', () => {
  const child = spawn(program, args, { stdio: ['inherit', 'inherit', 'inherit', 'inherit'] });
  child.on('error', (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(SIGNALED - 1);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.kill(process.pid, signal);
  });
});
