// Loaded before the program that is measured (`node --expose-gc --import`): says on request how much memory it has.
const { gc } = /** @type {{ gc?: () => void }} */ (globalThis);

process.on('message', (question) => {
  if (question !== 'memory') return;
  gc?.();
  // What was freed by finalizers of the first goes with the second.
  setImmediate(() => {
    gc?.();
    process.send?.({ memory: process.memoryUsage() });
  });
});
// Nothing may be kept running by being watched.
process.channel?.unref();
