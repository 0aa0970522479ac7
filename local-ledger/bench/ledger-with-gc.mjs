/**
 * The command itself, with one addition for measuring: asked over the channel to its parent, it collects garbage and
 * answers what memory is in use. Run with --expose-gc.
 */
process.on('message', () => {
  globalThis.gc();
  process.send(process.memoryUsage());
});
// The channel alone must not keep the process alive.
process.channel?.unref();

await import('../dist/main.js');
