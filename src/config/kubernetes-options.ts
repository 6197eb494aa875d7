import { file, oneOf, optionalText, text, type Option } from './option.js';

export type Flag = 'true' | 'false';

export interface KubernetesConfig {
  /** `false`: nothing is asked of the API server, and nothing of what follows has a meaning. */
  readonly enabled: Flag;
  /** Of this pod; set wherever `enabled` is. */
  readonly namespace: string | null;
  /** The Service whose endpoints clients reach; null: endpoints aren't watched. */
  readonly service: string | null;
  /** The Deployment that says how many pods are wanted; null: it isn't asked. */
  readonly deployment: string | null;
  readonly events: Flag;
  readonly deletionCost: Flag;
  readonly apiUrl: string;
  readonly tokenFile: string;
  readonly caFile: string;
}

const MOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const FLAGS = ['true', 'false'] as const;
const DNS_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const DNS_SHAPE = 'a name of Kubernetes: small letters, digits, dots and dashes';

export const kubernetes: { readonly [Field in keyof KubernetesConfig]: Option<KubernetesConfig[Field]> } = {
  enabled: oneOf(
    {
      key: 'BATON_KUBERNETES',
      fallback: 'false',
      description:
        'Ask the API server for what pods cannot know of each other. It refines drains; nothing needs it, readiness least.',
    },
    FLAGS,
  ),
  namespace: optionalText(
    { key: 'BATON_KUBERNETES_NAMESPACE', description: 'Namespace of this pod. Required with `BATON_KUBERNETES`.' },
    DNS_NAME,
    DNS_SHAPE,
  ),
  service: optionalText(
    {
      key: 'BATON_KUBERNETES_SERVICE',
      description: 'Service that clients reach pods by: a drain prefers the pods that it leads to. Without it: any.',
    },
    DNS_NAME,
    DNS_SHAPE,
  ),
  deployment: optionalText(
    {
      key: 'BATON_KUBERNETES_DEPLOYMENT',
      description: 'Deployment of this pod: a hold ends once as many new pods are there as it wants.',
    },
    DNS_NAME,
    DNS_SHAPE,
  ),
  events: oneOf(
    {
      key: 'BATON_KUBERNETES_EVENTS',
      fallback: 'true',
      description: 'Events on the own pod: `DrainStarted`, `DrainFinished`, `DrainForced`.',
    },
    FLAGS,
  ),
  deletionCost: oneOf(
    {
      key: 'BATON_KUBERNETES_DELETION_COST',
      fallback: 'false',
      description:
        'Keep the annotation `pod-deletion-cost` of the own pod near its connections, so that a scale-in takes the ' +
        'emptiest. The permission lets a pod change every pod of the namespace.',
    },
    FLAGS,
  ),
  apiUrl: text(
    { key: 'BATON_KUBERNETES_API_URL', fallback: 'https://kubernetes.default.svc', description: 'The API server.' },
    /^https:\/\/[^/?#@\s]{1,253}$/,
    'a URL that begins with https://, without a path',
    'URL',
  ),
  tokenFile: file({
    key: 'BATON_KUBERNETES_TOKEN_FILE',
    fallback: `${MOUNT}/token`,
    description: 'Token of the service account; read again for every request, so that a rotated one is taken up.',
  }),
  caFile: file({
    key: 'BATON_KUBERNETES_CA_FILE',
    fallback: `${MOUNT}/ca.crt`,
    description: 'Authorities (PEM) that the certificate of the API server is checked against.',
  }),
};
