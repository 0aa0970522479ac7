/**
 * The command itself, with one addition for measuring: asked over the channel to its parent, it collects garbage and
 * answers what memory is in use. Run with --expose-gc.
 */
process.on('message', () => {
  // The memory behind a buffer is given back by the collection after the one that finds it unused.
  globalThis.gc();
  globalThis.gc();
  process.send(process.memoryUsage());
});
// The channel alone must not keep the process alive.
process.channel?.unref();

await import('../dist/src/main.js');
