// An agent that speaks the Agent Client Protocol with the protocol's own SDK. There is no model behind it: it does what
// its instructions, a JSON array of steps, say.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { agent, methods, ndJsonStream, PROTOCOL_VERSION, RequestError } from '@agentclientprotocol/sdk';

let prompts = 0;
const usage = [];

agent({ name: 'scripted' })
  .onRequest(methods.agent.initialize, () => ({
    protocolVersion: process.env.ACP_VERSION === undefined ? PROTOCOL_VERSION : Number(process.env.ACP_VERSION),
    agentCapabilities: {},
    agentInfo: { name: 'scripted', version: '1' },
    authMethods: [{ id: 'key', name: 'an API key' }],
  }))
  .onRequest(methods.agent.session.new, () => {
    if (process.env.ACP_LOGIN !== undefined) throw new RequestError(-32000, 'Authentication required');
    return { sessionId: 's' };
  })
  .onRequest(methods.agent.session.prompt, async ({ params, client }) => {
    prompts += 1;
    const [{ text }] = params.prompt;
    const update = (sessionUpdate, more) =>
      client.notify(methods.client.session.update, { sessionId: 's', update: { sessionUpdate, ...more } });
    const say = (words) => update('agent_message_chunk', { content: { type: 'text', text: words } });
    const steps = prompts === 1 ? JSON.parse(text.split('\n')[0]) : JSON.parse(readFileSync('next.json', 'utf8'));
    for (const [step, ...words] of steps) {
      if (step === 'say') await say(words[0]);
      else if (step === 'prompt') await say(text);
      else if (step === 'cat') await say(readFileSync(words[0], 'utf8'));
      else if (step === 'write') {
        mkdirSync(dirname(join(process.cwd(), words[0])), { recursive: true });
        writeFileSync(words[0], words[1]);
      } else if (step === 'plan') {
        const entries = words[0].map(([content, status]) => ({ content, status, priority: 'medium' }));
        await update('plan', { entries });
      } else if (step === 'tool') await update('tool_call', { toolCallId: words[0], title: words[0], kind: 'edit' });
      else if (step === 'usage') {
        usage.push(words[0]);
        await update('usage_update', { used: words[0], size: 1e6, cost: { amount: words[1], currency: 'USD' } });
      } else if (step === 'may') {
        const options = ['allow_once', 'reject_once'].map((kind) => ({ optionId: kind, name: kind, kind }));
        const toolCall = { toolCallId: 't', title: 'it', ...words[0] };
        const asked = { sessionId: 's', toolCall, options };
        const { outcome } = await client.request(methods.client.session.requestPermission, asked);
        await say(`${outcome.optionId ?? outcome.outcome} `);
      } else if (step === 'ask') {
        await client.request(words[0], words[1]).then(
          (answer) => say(`answered ${JSON.stringify(answer)} `),
          ({ code }) => say(`error ${code} `),
        );
      } else if (step === 'stop') return { stopReason: words[0] };
      else if (step === 'hang') await new Promise(() => setInterval(() => undefined, 1_000));
      else if (step === 'die') process.exit(words[0]);
      else if (step === 'raw') await new Promise((done) => process.stdout.write(words[0], done));
      else if (step === 'flood') for (;;) await say('x'.repeat(10_000));
      else throw new Error(`no step ${step}`);
    }
    return { stopReason: 'end_turn' };
  })
  .connect(ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin)));
