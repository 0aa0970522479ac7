import { parseArgs } from 'node:util';
import { median, percentile, residentBytes, versions } from './measure.mjs';
import { runClient, startLedgerProcess, startMeasuredLedger } from './processes.mjs';

const MEBIBYTE = 1024 * 1024;

/** Longer than consensus keeps a receipt, in milliseconds. */
const FORGET_MS = 200_000;

const { values: options } = parseArgs({
  options: {
    /** Messages to store and read again. */
    messages: { type: 'string', default: '1000000' },
    /** Runs of which the median is taken. */
    runs: { type: 'string', default: '5' },
  },
});
const messages = Number(options.messages);
const runs = Number(options.runs);

/** Time until ready, and memory when nothing has happened yet. */
async function measureStart() {
  const readyMs = [];
  const idleBytes = [];
  for (let run = 0; run < runs; run++) {
    const ledger = await startLedgerProcess();
    readyMs.push(ledger.readyMs);
    idleBytes.push(await settledBytes(ledger.pid));
    await ledger.stop();
  }
  return [
    ['ready to serve', `${median(readyMs).toFixed(0)} ms`, '< 1000 ms'],
    ['resident memory when idle', `${(median(idleBytes) / MEBIBYTE).toFixed(0)} MiB`, '< 150 MB'],
  ];
}

/** Resident memory once it has stayed within a percent for half a second. */
async function settledBytes(pid) {
  let before = residentBytes(pid);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const now = residentBytes(pid);
    if (Math.abs(now - before) < before / 100) return now;
    before = now;
  }
}

/** Submissions with receipts from one SDK process, and the way to a subscriber. */
async function measureSpeed() {
  const perSecond = [];
  const deliveries = [];
  const calls = [];
  for (let run = 0; run < runs; run++) {
    const ledger = await startLedgerProcess();
    const trips = await runClient('round-trips.client.mjs', { ledger, inFlight: 64, messages: 5000, warmUp: 2000 });
    const { fromAcceptance, fromCall } = await runClient('delivery.client.mjs', { ledger, messages: 500 });
    perSecond.push(trips.perSecond);
    deliveries.push(fromAcceptance);
    calls.push(fromCall);
    await ledger.stop();
  }
  const p50 = (samples) => median(samples.map((one) => percentile(one, 0.5))).toFixed(2);
  const p99 = (samples) => median(samples.map((one) => percentile(one, 0.99))).toFixed(2);
  return [
    ['submit + receipt, 64 in flight, one SDK process', `${median(perSecond).toFixed(0)} /s`, '>= 1200 /s'],
    ['mirror delivery after acceptance, p50 / p99', `${p50(deliveries)} / ${p99(deliveries)} ms`, 'p50 < 10 ms'],
    ['mirror delivery after the call, p50 / p99', `${p50(calls)} / ${p99(calls)} ms`, ''],
  ];
}

/**
 * Many messages stored and read again, and what each costs in memory. Consensus keeps receipts for three minutes, so
 * the clock is moved beyond that before memory is compared: what is left is what messages cost for good.
 */
async function measureMessages() {
  const messageBytes = 100;
  const ledger = await startMeasuredLedger();
  let clockOffsetMs = 0;
  const run = (job) => runClient('many-messages.client.mjs', { ledger, messageBytes, clockOffsetMs, ...job });
  const forgetReceipts = async (topic) => {
    // Twice, because consensus sweeps before it handles the transaction that wakes it.
    for (let time = 0; time < 2; time++) {
      await ledger.advanceClock(FORGET_MS);
      clockOffsetMs += FORGET_MS;
      await run({ topic, submit: 1 });
    }
    return inUse(await ledger.memory());
  };
  const { topic } = await run({ submit: 2000 });
  const before = await forgetReceipts(topic);
  const { seconds: submitSeconds } = await run({ topic, submit: messages });
  const peak = residentBytes(ledger.pid);
  const after = await forgetReceipts(topic);
  const { seconds: readSeconds } = await run({ topic, read: messages });
  await ledger.stop();
  const count = messages.toLocaleString('en-US');
  return [
    [`${count} messages submitted`, `${(messages / submitSeconds).toFixed(0)} /s`, 'no crash'],
    [`${count} messages read again`, `${(messages / readSeconds).toFixed(0)} /s`, 'no crash'],
    ['resident memory just after submitting', `${(peak / MEBIBYTE).toFixed(0)} MiB`, ''],
    [`memory in use with ${count} messages`, `${(after / MEBIBYTE).toFixed(0)} MiB`, ''],
    [
      `memory per stored message of ${messageBytes} bytes`,
      `${((after - before) / messages).toFixed(0)} bytes`,
      'stated',
    ],
  ];
}

function inUse({ heapUsed, external }) {
  return heapUsed + external;
}

const rows = [...(await measureStart()), ...(await measureSpeed()), ...(await measureMessages())];
const width = Math.max(...rows.map(([what]) => what.length));
process.stdout.write(`\nlocal-ledger, medians of ${runs} runs\n`);
for (const [name, version] of Object.entries(versions())) process.stdout.write(`  ${name} ${version}\n`);
for (const [what, value, goal] of rows) {
  process.stdout.write(`${what.padEnd(width)}  ${value.padStart(18)}  ${goal}\n`);
}
