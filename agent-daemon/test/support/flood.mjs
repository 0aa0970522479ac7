// Strangers: `node flood.mjs <address> <coordinator account> <calls per second> <connections>`. Each connection comes from
// an address of its own in 127.0.0.0/8 and asks for challenges, every second call registers with a signature that is none.
// Prints a line of JSON each second, what was asked and answered so far; ends with its standard input.
import { randomBytes } from 'node:crypto';
import { connect as http2Connect } from 'node:http2';
import { connect as tlsConnect } from 'node:tls';

const [address = '', account = '', rate = '0', connections = '0'] = process.argv.slice(2);
const [host, port] = address.split(':');
const TICK_MS = 10;
const MAX_OPEN = 64;
const counts = { connected: 0, asked: 0, answered: 0 };

const field = (number, bytes) => Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
const framed = (message) => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
};
const challenge = framed(field(1, Buffer.from(account)));
/** The nonce is the first field of an answer, 32 bytes long. */
const registration = (nonce) =>
  framed(
    Buffer.concat([
      field(1, Buffer.from(account)),
      field(2, nonce),
      field(3, randomBytes(32)),
      field(4, randomBytes(64)),
      Buffer.from([(5 << 3) | 0, 1]),
    ]),
  );

class Stranger {
  #session;
  #open = 0;
  #nonce;

  constructor(localAddress) {
    this.localAddress = localAddress;
    this.#connect();
  }

  #connect() {
    const socket = tlsConnect({
      host,
      port: Number(port),
      localAddress: this.localAddress,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
    });
    socket.on('error', () => undefined);
    const session = http2Connect(`https://${address}`, { createConnection: () => socket });
    session.on('error', () => undefined);
    session.once('connect', () => {
      counts.connected += 1;
      this.#session = session;
    });
    session.once('close', () => {
      this.#session = undefined;
      this.#open = 0;
      setTimeout(() => this.#connect(), 200);
    });
  }

  ask() {
    if (this.#session === undefined || this.#open >= MAX_OPEN) return;
    const nonce = this.#nonce;
    this.#nonce = undefined;
    const [method, body] = nonce === undefined ? ['Challenge', challenge] : ['Register', registration(nonce)];
    const stream = this.#session.request({
      ':method': 'POST',
      ':path': `/gatepost.agent.v1.AgentService/${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    counts.asked += 1;
    this.#open += 1;
    stream.on('data', (chunk) => {
      if (method === 'Challenge' && chunk.length > 39) this.#nonce = chunk.subarray(7, 39);
    });
    stream.on('error', () => undefined);
    stream.once('close', () => {
      this.#open -= 1;
      counts.answered += 1;
    });
    stream.end(body);
  }
}

const strangers = Array.from({ length: Number(connections) }, (_, index) => new Stranger(`127.0.1.${index + 1}`));
const begunMs = Date.now();
let due = 0;
setInterval(() => {
  const until = ((Date.now() - begunMs) / 1_000) * Number(rate);
  for (; due < until; due += 1) strangers[due % strangers.length].ask();
}, TICK_MS);
setInterval(() => process.stdout.write(`${JSON.stringify(counts)}\n`), 1_000);
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
