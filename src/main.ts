import 'reflect-metadata';
import type { Config } from './config/config.js';
import { ConfigError, loadConfig } from './config/load-config.js';
import { ownSignals } from './draining/signals.js';
import { endWithLastWords } from './last-words.js';
import { startPod } from './start-pod.js';

/** EX_CONFIG of sysexits.h: starting again won't help. */
const BAD_CONFIGURATION = 78;

function configOrExit(): Config {
  try {
    return loadConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`Baton can't start with this configuration:\n${error.message}\n`);
    process.exit(BAD_CONFIGURATION);
  }
}

const signals = ownSignals(process);
try {
  const pod = await startPod(configOrExit());
  endWithLastWords(process, pod.logger);
  signals.handTo(pod);
} catch (error) {
  process.stderr.write(
    `Baton can't start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exit(1);
}
