import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { repository } from '../stage/build-under-test.js';
import type { TestNamespace } from './namespace.js';

/** Of the chart's Deployment, ServiceAccount and Service. */
const NAME = 'baton';
const MOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

interface Role {
  readonly rules: readonly unknown[];
}

/** What the Role on a page of the docs allows. */
export const documentedRules = (page: string): readonly unknown[] => documented(page).rules;

/** The first YAML of a page. */
function documented(page: string): Role {
  const text = readFileSync(resolve(repository, page), 'utf8');
  const block = /```yaml\n(.*?)```/s.exec(text)?.[1] ?? '';
  return parse(block) as Role;
}

/** The Role that a page of the docs has, and a Deployment whose pods ask the API server. */
export async function letPodsAsk(namespace: TestNamespace, page: string): Promise<void> {
  const metadata = { name: NAME };
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: NAME },
    subjects: [{ kind: 'ServiceAccount', name: NAME, namespace: namespace.name }],
  };
  for (const object of [documented(page), binding])
    await namespace.kubectl(['apply', '--filename', '-'], { input: JSON.stringify(object) });
  await namespace.kubectl(['patch', 'deployment', NAME, '--patch', JSON.stringify(asking(namespace.name))]);
}

/** From now on the API server refuses whatever they ask. */
export async function forbidPodsToAsk(namespace: TestNamespace): Promise<void> {
  await namespace.kubectl(['delete', 'rolebinding', NAME]);
}

function asking(namespace: string) {
  const env = {
    BATON_KUBERNETES: 'true',
    BATON_KUBERNETES_NAMESPACE: namespace,
    BATON_KUBERNETES_SERVICE: NAME,
    BATON_KUBERNETES_DEPLOYMENT: NAME,
  };
  const token = { serviceAccountToken: { path: 'token', expirationSeconds: 3_600 } };
  const authorities = { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } };
  const container = {
    name: 'server',
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
    volumeMounts: [{ name: 'api-access', mountPath: MOUNT, readOnly: true }],
  };
  const volume = { name: 'api-access', projected: { defaultMode: 0o440, sources: [token, authorities] } };
  return { spec: { template: { spec: { containers: [container], volumes: [volume] } } } };
}
