// Loaded before the program that is measured (`node --expose-gc --import`): says on request how much memory and
// how many connections it has.
const { gc } = /** @type {{ gc?: (options?: object) => void }} */ (globalThis);
/** Gives back to the system what it can. */
const everything = { type: 'major', execution: 'sync', flavor: 'last-resort' };

process.on('message', (question) => {
  if (question !== 'memory') return;
  gc?.(everything);
  // What was freed by finalizers of the first goes with the second.
  setImmediate(() => {
    gc?.(everything);
    const sockets = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    process.send?.({ memory: process.memoryUsage(), sockets });
  });
});
// Nothing may be kept running by being watched.
process.channel?.unref();
