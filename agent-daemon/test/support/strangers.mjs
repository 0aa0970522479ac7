// Strangers who ask for nothing they could have: `node strangers.mjs <address> <kind> <connections>`. Each comes from an
// address of its own in 127.0.0.0/8 and sends as fast as it can, again and again. Prints a line of JSON twice a second, what
// was sent so far; ends with its standard input.
import { connect as http2Connect } from 'node:http2';
import { connect as netConnect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';

const [address = '', kind = '', connections = '0'] = process.argv.slice(2);
const [host, port] = address.split(':');
const counts = { connected: 0, sent: 0 };
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const frame = (type, flags, stream, payload) => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};
const SETTINGS = frame(4, 0, 0, Buffer.alloc(0));
/** 1,000 frames of a kind. */
const FRAMES = {
  pings: Buffer.concat(Array.from({ length: 1_000 }, () => frame(6, 0, 0, Buffer.alloc(8)))),
  settings: Buffer.concat(Array.from({ length: 1_000 }, () => SETTINGS)),
};
const target = (index) => ({ host, port: Number(port), localAddress: `127.0.2.${index + 1}` });
const secure = (index) => tlsConnect({ ...target(index), rejectUnauthorized: false, ALPNProtocols: ['h2'] });

function again(index) {
  setTimeout(() => start(index), 1);
}

function frames(index) {
  const socket = secure(index);
  socket.on('error', () => undefined);
  socket.once('close', () => again(index));
  socket.resume();
  socket.once('secureConnect', () => {
    counts.connected += 1;
    socket.write(Buffer.concat([PREFACE, SETTINGS]));
    const more = () => {
      if (socket.destroyed) return;
      counts.sent += 1_000;
      socket.write(FRAMES[kind], () => setImmediate(more));
    };
    more();
  });
}

/** Requests that are answered at once, none of which has a token. */
function requests(index, path) {
  const socket = secure(index);
  socket.on('error', () => undefined);
  const session = http2Connect(`https://${address}`, { createConnection: () => socket });
  session.on('error', () => undefined);
  session.once('close', () => again(index));
  let open = 0;
  const more = () => {
    if (session.destroyed) return;
    while (open < 64) {
      const stream = session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      open += 1;
      counts.sent += 1;
      stream.on('error', () => undefined);
      stream.resume();
      stream.once('close', () => {
        open -= 1;
      });
      stream.end(Buffer.from([0, 0, 0, 0, 0]));
    }
    setImmediate(more);
  };
  session.once('connect', () => {
    counts.connected += 1;
    more();
  });
}

/** Half of a TLS handshake, 100 times a second from each address; nothing is closed from this side. */
function halves(index) {
  setInterval(() => {
    const socket = netConnect(target(index));
    socket.on('error', () => undefined);
    socket.resume();
    socket.once('connect', () => {
      counts.connected += 1;
      counts.sent += 1;
      socket.write(Buffer.from('1603010200010001fc0303', 'hex'));
    });
  }, 10);
}

const KINDS = {
  pings: frames,
  settings: frames,
  sessions: (index) => requests(index, '/gatepost.agent.v1.AgentService/Session'),
  'unknown methods': (index) => requests(index, '/no.Such/Method'),
  'half handshakes': halves,
};
const start = (index) => KINDS[kind](index);

for (let index = 0; index < Number(connections); index += 1) start(index);
setInterval(() => process.stdout.write(`${JSON.stringify(counts)}\n`), 500);
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
