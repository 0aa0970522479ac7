// Task type sentence-lengths: an agent that runs as a local HTTP server, for an http executor. It answers with an event
// stream, so that its progress is seen. Start it with: node sentence-server.mjs [port]
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

const server = createServer(async (request, response) => {
  if (request.method !== 'POST') {
    response.writeHead(405).end();
    return;
  }
  const { input } = await json(request);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const tell = (event, data) => response.write(`event: ${event}\ndata: ${data}\n\n`);
  tell('log', `task ${request.headers['gatepost-task']}`);
  if (typeof input?.text !== 'string') {
    tell('error', 'the input has no text');
  } else {
    const sentences = input.text.split(/(?<=[.!?])\s+/).filter(Boolean);
    tell('progress', `0.5 ${sentences.length} sentences`);
    tell('result', JSON.stringify(sentences.map((sentence) => sentence.length)));
  }
  response.end();
});

server.listen(Number(process.argv[2] ?? 8090), '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${server.address().port}/\n`);
});
