// Loaded into a pod before its program: signals make trouble inside of it.
/** @param {number} ms */
const blockForMs = (ms) => {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs) continue;
};
process.on('SIGUSR2', () => blockForMs(500));
process.on('SIGHUP', () => blockForMs(5_000));
process.on('SIGQUIT', () => {
  void Promise.reject(new Error('nobody handles this'));
});
