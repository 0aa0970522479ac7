// A coding agent that speaks the Agent Client Protocol on its standard input and output, with the protocol's own SDK. No
// model is behind it: it knows one repository and its one mistake. What it does, a real agent does in the same way: it looks
// what fails, asks to be allowed its edit, makes it, and runs the tests again.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { agent, methods, ndJsonStream, PROTOCOL_VERSION } from '@agentclientprotocol/sdk';

const FILE = 'repo/src/slug.js';
const MISTAKE = 'title.toLowerCase()';
const MENDED = "title.normalize('NFKD').replace(/\\p{M}/gu, '').toLowerCase()";

const { update, requestPermission } = methods.client.session;

/** What one turn can tell and ask. */
function turn(client, sessionId) {
  const tell = (sessionUpdate, more) => client.notify(update, { sessionId, update: { sessionUpdate, ...more } });
  return {
    say: (text) => tell('agent_message_chunk', { content: { type: 'text', text } }),
    plan: (done) => {
      const entries = ['run the tests', 'correct src/slug.js', 'run the tests again'].map((content, at) => {
        const status = at < done ? 'completed' : at === done ? 'in_progress' : 'pending';
        return { content, status, priority: 'medium' };
      });
      return tell('plan', { entries });
    },
    /** Asks to be allowed a tool call, and says that it begins. */
    mayI: async (toolCall) => {
      await tell('tool_call', { ...toolCall, status: 'pending' });
      const options = ['allow_once', 'reject_once'].map((kind) => ({ optionId: kind, name: kind, kind }));
      const { outcome } = await client.request(requestPermission, { sessionId, toolCall, options });
      return outcome.optionId === 'allow_once';
    },
    used: (used, amount) => tell('usage_update', { used, size: 200_000, cost: { amount, currency: 'USD' } }),
  };
}

/** Whether the tests of the repository pass. */
function testsPass() {
  const { status } = spawnSync('node', ['--test'], { cwd: 'repo', stdio: ['ignore', 'ignore', 'inherit'] });
  return status === 0;
}

async function work({ say, plan, mayI, used }) {
  await plan(0);
  const execute = { kind: 'execute', title: 'node --test', rawInput: { command: 'node --test' } };
  if (!(await mayI({ ...execute, toolCallId: 'before' }))) return say('I may not run the tests.');
  if (testsPass()) return say('The tests pass already.');
  await plan(1);
  const edit = { toolCallId: 'edit', kind: 'edit', title: FILE, locations: [{ path: join(process.cwd(), FILE) }] };
  if (!(await mayI(edit))) return say(`I may not change ${FILE}.`);
  writeFileSync(FILE, readFileSync(FILE, 'utf8').replace(MISTAKE, MENDED));
  await plan(2);
  if (!(await mayI({ ...execute, toolCallId: 'after' }))) return say('I may not run the tests again.');
  await used(1_800, 0.02);
  const isMended = testsPass();
  await plan(3);
  return say(isMended ? 'Accents are taken off before other characters are; the tests pass.' : 'The tests still fail.');
}

agent({ name: 'scripted coder' })
  .onRequest(methods.agent.initialize, () => ({
    protocolVersion: PROTOCOL_VERSION,
    agentCapabilities: {},
    agentInfo: { name: 'scripted-coder', title: 'Scripted coder', version: '1' },
  }))
  .onRequest(methods.agent.session.new, () => ({ sessionId: 'only' }))
  .onRequest(methods.agent.session.prompt, async ({ params, client }) => {
    await work(turn(client, params.sessionId));
    return { stopReason: 'end_turn' };
  })
  .connect(ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin)));
