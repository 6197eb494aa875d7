import { createHash } from 'node:crypto';
import { expect } from '@jest/globals';
import { PageServer } from '../support/browser/page-server.js';
import { itWithChromium, withChromium } from '../support/browser/with-chromium.js';
import { eventually } from '../support/eventually.js';
import { signToken } from '../support/load/credentials.js';
import { Stage } from '../support/stage/stage.js';
import { sendTo } from '../support/stage/visitor.js';

const chromium = withChromium();

const scriptFor = (url: string, token: string) => `
  import { connect } from '/baton.min.js';
  const client = connect({ url: '${url}', token: '${token}' });
  const messages = client.subscribe('user', ({ data }) => document.body.append(data.text));
  await messages.ready;
  document.title = 'ready';
`;

/** The page may run this one script and what it imports; no `eval`, nothing else from anywhere. */
function pageWith(script: string) {
  const hash = createHash('sha256').update(script).digest('base64');
  return {
    html: `<!doctype html><title>page</title><body><script type="module">${script}</script>`,
    policy: `default-src 'none'; script-src 'self' 'sha256-${hash}'; connect-src ws://127.0.0.1:*; require-trusted-types-for 'script'`,
  };
}

itWithChromium('a script tag and the file of the package are enough, under a strict policy', async () => {
  const stage = await Stage.start({ replicas: 1 });
  const token = await signToken(stage.secrets.signer, 'acme', 'ada');
  const server = await PageServer.start({ '/': pageWith(scriptFor(stage.url, token)) });
  const context = await chromium().newContext();
  try {
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('console', (message) => problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(String(error)));
    await page.goto(server.origin);
    await eventually(
      () => `the page to subscribe (${problems.join('; ')})`,
      async () => (await page.title()) === 'ready',
      { withinMs: 15_000 },
    );
    expect((await sendTo(stage, stage.apiUrl, { user: 'ada' }, { text: 'hello' })).status).toBe(201);
    await eventually('the message to be shown', async () => (await page.locator('body').innerText()) === 'hello');
    expect(problems).toEqual([]);
  } finally {
    await context.close();
    await server.stop();
    await stage.close();
  }
});
