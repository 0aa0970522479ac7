import { createServer } from 'node:http';

export const TOKEN = `gatepost_${'t'.repeat(43)}`;

const PROBLEM = { code: 'LEDGER_UNREACHABLE', message: 'the node does not answer', advice: 'try again later' };
const UNKNOWN = { code: 'UNAUTHENTICATED', message: 'the token is not known', advice: 'ask for one' };
const NOT_FOUND = { code: 'NOT_FOUND', message: 'there is no such run', advice: 'look for another' };

/**
 * A service in the form of docs/serve.md that does what it is told, for what the real one cannot be brought to at will:
 * streams that break, cursors that are lost, refusals, hostile texts, runs of any size.
 */
export class ScriptedService {
  asked = [];
  roles = ['read', 'approve'];
  runs = [];
  refusal = undefined;
  isDown = false;
  #page;
  #server;
  #cursor = 0;
  #process = 'one';
  #streams = new Set();

  constructor(page, report) {
    this.#page = page;
    this.report = report;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(page, report) {
    const service = new ScriptedService(page, report);
    await new Promise((resolve) => service.#server.listen(0, '127.0.0.1', resolve));
    return service;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}/`;
  }

  close() {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    return closed;
  }

  tell(event, run, task) {
    this.#cursor += 1;
    for (const stream of this.#streams) this.#write(stream, { event, run, task });
  }

  breakOff(beganAnew = false) {
    if (beganAnew) {
      this.#process = 'another';
      this.#cursor = 0;
    }
    for (const stream of this.#streams) stream.destroy();
    this.#streams.clear();
  }

  #write(stream, event) {
    const cursor = `${this.#process}.${this.#cursor}`;
    stream.write(`id: ${cursor}\ndata: ${JSON.stringify({ version: 1, cursor, ...event })}\n\n`);
  }

  async #answer(request, response) {
    const body = Buffer.concat(await request.toArray()).toString('utf8');
    const { pathname, searchParams } = new URL(request.url, this.url);
    if (pathname === '/') return this.#servePage(response);
    this.asked.push({ method: request.method, path: request.url, body });
    const json = (value, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (this.isDown) return json({ error: PROBLEM }, 503);
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return json({ error: UNKNOWN }, 401);
    if (pathname === '/v1/events') return this.#stream(searchParams.get('cursor'), response);
    if (request.method === 'POST') return this.#word(json);
    const [answer, status] = this.#read(pathname, searchParams.getAll('run'));
    return json(answer, status);
  }

  #servePage(response) {
    const policy = this.#page.match(/Content-Security-Policy" content="([^"]*)"/)[1];
    const served = `${policy}; connect-src 'self'`;
    response.setHeader('content-security-policy', served).setHeader('content-type', 'text/html; charset=utf-8');
    response.end(this.#page.replace(policy, () => served));
  }

  #read(path, asked) {
    const { report } = this;
    const { network = 'testnet', journal = '0.0.3001', runs = [] } = report ?? {};
    if (path === '/v1/runs') return [{ runs: this.runs }];
    if (path === '/v1/verify')
      return [{ holds: true, runs: asked.map((run) => ({ run })), rules: ['payee'], findings: [] }];
    if (path === '/v1/me') {
      return [
        { name: 'alice', roles: this.roles, network, journal, account: '0.0.1001', token: '0.0.1006', version: 1 },
      ];
    }
    const found = runs.filter(({ run }) => asked.length === 0 || asked.includes(run));
    const isMissing = path !== '/v1/report' || report === undefined || found.length < asked.length;
    return isMissing ? [{ error: NOT_FOUND }, 404] : [{ ...report, runs: found }];
  }

  #stream(cursor, response) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    this.#streams.add(response);
    const isLost = cursor !== null && !cursor.startsWith(`${this.#process}.`);
    this.#write(response, { event: isLost ? 'reset' : 'hello' });
  }

  #word(json) {
    const { refusal } = this;
    this.refusal = undefined;
    if (refusal === undefined) json({ written: 'approve', act: 'ac'.repeat(32) });
    else json({ error: refusal.error }, refusal.status);
  }
}
