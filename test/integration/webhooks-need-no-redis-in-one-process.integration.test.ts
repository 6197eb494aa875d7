import { expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { install, joinAs, startPodHere } from '../support/in-process-pod.js';
import { withTemporaryFiles } from '../support/temporary-files.js';
import { Receiver } from '../support/webhooks/receiver.js';

const files = withTemporaryFiles();

it('a pod that keeps everything in its memory tells of sessions, too', async () => {
  const receiver = await Receiver.start();
  const row = { tenant: 'acme', url: receiver.url, secret: `whsec_${Buffer.alloc(24, 1).toString('base64')}` };
  const here = await install({ keyPrefix: 'm:', environment: { BATON_STORAGE: 'memory' } }, []);
  const pod = await startPodHere(here.environment, 'memory', {
    BATON_WEBHOOKS_FILE: await files.write('receivers.json', JSON.stringify([row])),
    BATON_WEBHOOKS_GRACE_MS: '200',
  });
  try {
    const lost = await joinAs(pod.port, await here.token('acme', 'ann'));
    lost.client.terminate();
    const ended = await joinAs(pod.port, await here.token('acme', 'bob'));
    ended.client.send({ type: 'bye' });
    const storyOf = ({ session }: { readonly session: string }) => receiver.storyOf(session).join();
    await eventually('the one that was lost', () => storyOf(lost) === 'connected,disconnected');
    await eventually('the one that said goodbye', () => storyOf(ended) === 'connected,disconnected,ended');
    const metrics = await (await fetch(`http://127.0.0.1:${pod.healthPort}/metrics`)).text();
    expect(metrics).toContain('\nbaton_webhooks_delivered_total 5\n');
  } finally {
    await pod.close();
    await here.remove();
    await receiver.stop();
  }
});
