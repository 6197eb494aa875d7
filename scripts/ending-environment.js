import { TestEnvironment } from 'jest-environment-node';

const lookEveryMs = 500;

/**
 * A worker of jest goes on with its test when jest was killed. This one ends, and with it whatever it has started. The
 * `process` of tests hears of nothing; this one is the real one, but to listen to `disconnect` would keep it from ending.
 */
export default class EndingEnvironment extends TestEnvironment {
  /** @override */
  async setup() {
    await super.setup();
    this.watch = setInterval(() => process.connected === false && process.exit(1), lookEveryMs).unref();
  }

  /** @override */
  async teardown() {
    clearInterval(this.watch);
    await super.teardown();
  }
}
