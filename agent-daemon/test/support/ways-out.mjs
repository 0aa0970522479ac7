// Tries to get out of a confinement. First argument: JSON of the places; prints what each way came to, as JSON.

import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { lookup, Resolver } from 'node:dns/promises';
import { connect } from 'node:net';

const { allowed, other, here, outside, abstract, path } = JSON.parse(process.argv[2]);
const [host, port] = allowed.split(':');
const PROXY = { host: '127.0.0.1', port: 3128 };

/** What the other side says first after these words, or why nothing was said. */
const say = (where, words) =>
  new Promise((resolve) => {
    const socket = connect(where);
    const end = (text) => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(3_000, () => end('timeout'));
    socket.on('error', ({ code }) => end(`error ${code}`));
    socket.on('close', () => end('closed'));
    socket.on('data', (chunk) => end(String(chunk).split('\r\n')[0]));
    socket.write(words);
  });
const direct = (where) => say(where, 'GET / HTTP/1.0\r\n\r\n');
const ask = (target) => say(PROXY, `CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n\r\n`);

/** The answer of a server through the tunnel. */
const through = (target, request) =>
  new Promise((resolve) => {
    const socket = connect(PROXY);
    let text = '';
    socket.on('error', ({ code }) => resolve(`error ${code}`));
    socket.on('data', (chunk) => {
      if (text === '') socket.write(request);
      text += chunk;
    });
    socket.on('close', () => resolve(text));
    socket.write(`CONNECT ${target} HTTP/1.1\r\n\r\n`);
  });

const udp = (to, at) =>
  new Promise((resolve) => {
    const socket = createSocket(to.includes(':') ? 'udp6' : 'udp4');
    const end = (text) => {
      socket.close();
      resolve(text);
    };
    socket.on('error', ({ code }) => end(`error ${code}`));
    socket.on('message', () => end('200 an answer'));
    socket.send('x', at, to, (error) => error && end(`error ${error.code}`));
    setTimeout(() => end('timeout'), 500);
  });
const failing = (promise) =>
  promise.then(
    (found) => `200 ${JSON.stringify(found)}`,
    ({ code }) => `error ${code}`,
  );
/** What needs more than Node.js has; `error` where there is no Python. */
const python = (line) => {
  const { status } = spawnSync('python3', ['-c', `import socket; ${line}`], { stdio: 'ignore' });
  return status === 0 ? '200 done' : `error ${status}`;
};
const resolverAt = (server) => {
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([server]);
  return failing(resolver.resolve4('example.org'));
};

const ways = {
  'the address itself': () => direct({ host, port }),
  'the loopback of the host': () => direct({ host: '127.0.0.1', port: here }),
  'IPv6 loopback': () => direct({ host: '::1', port: here }),
  'an address of the host': () => direct({ host: outside, port: here }),
  'the any address': () => direct({ host: '0.0.0.0', port: here }),
  'the internet by address': () => direct({ host: '192.0.2.1', port: 80 }),
  'the internet by address, IPv6': () => direct({ host: '2001:db8::1', port: 80 }),
  'another name of the same address': () => ask(`localhost:${port}`),
  'another address of the same host': () => ask(`127.0.0.1:${here}`),
  'another port': () => ask(`${host}:${other}`),
  'the address, shortened': () => ask(`127.9:${port}`),
  'the address as a number': () => ask(`2130706441:${port}`),
  'the address in hexadecimal': () => ask(`0x7f.0.0.9:${port}`),
  'the address in octal': () => ask(`0177.0.0.011:${port}`),
  'the address within IPv6': () => ask(`[::ffff:${host}]:${port}`),
  'the address with a dot at its end': () => ask(`${host}.:${port}`),
  'the address with a user': () => ask(`me@${host}:${port}`),
  'the address as a URL': () => ask(`http://${host}:${port}`),
  'the address without a port': () => ask(host),
  'no address': () => ask('/'),
  'a long name': () => ask(`${'a.'.repeat(5_000)}org:443`),
  'a page without CONNECT': () => say(PROXY, `GET http://${allowed}/ HTTP/1.1\r\nhost: ${allowed}\r\n\r\n`),
  'a page of the proxy': () => say(PROXY, `GET / HTTP/1.1\r\nhost: ${allowed}\r\n\r\n`),
  'an upload without CONNECT': () =>
    say(PROXY, `POST http://${allowed}/ HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n`),
  'SOCKS 5': () => say(PROXY, Buffer.from([5, 1, 0])),
  'an upgrade': () =>
    say(PROXY, `GET / HTTP/1.1\r\nhost: ${allowed}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`),
  'a second target within a tunnel': async () => {
    const answer = await through(allowed, `CONNECT 127.0.0.1:${here} HTTP/1.1\r\n\r\n`);
    return answer.includes('the host itself') ? '200' : 'error refused';
  },
  'a redirect': async () => {
    const answer = await through(allowed, 'GET /moved HTTP/1.0\r\n\r\n');
    const [, target = ''] = /^location: http:\/\/([^/\r]+)/im.exec(answer) ?? [];
    return target === '' ? 'no redirect' : ask(target);
  },
  'a raw socket': () =>
    python(`socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).sendto(b'x', ('${outside}', 0))`),
  'a socket of packets': () => python(`socket.socket(socket.AF_PACKET, socket.SOCK_RAW).bind(('eth0', 0))`),
  UDP: () => udp(host, Number(port)),
  'UDP, IPv6': () => udp('::1', here),
  'DNS by the resolver of the host': () => failing(lookup('example.org')),
  'DNS by a server of the host': () => resolverAt('127.0.0.53'),
  'DNS by a server of the internet': () => resolverAt('192.0.2.1'),
  'an abstract socket of the host': () => direct({ path: `\0${abstract}` }),
  'a socket in the files of the host': () => direct({ path }),
  'fetch without the variables': () => failing(fetch(`http://${allowed}/`).then(({ status }) => status)),
};

const found = { allowed: await through(allowed, 'GET / HTTP/1.0\r\n\r\n') };
for (const [name, way] of Object.entries(ways)) found[name] = await way();
process.stdout.write(JSON.stringify(found));
