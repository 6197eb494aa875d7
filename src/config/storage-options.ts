import { oneOf, type Option } from './option.js';

export type StorageKind = 'redis' | 'memory';

/** The setting as it is in the environment. */
export interface StorageSettings {
  readonly kind: StorageKind;
}

export const storage: { readonly kind: Option<StorageKind> } = {
  kind: oneOf(
    {
      key: 'BATON_STORAGE',
      fallback: 'redis',
      description:
        'Where everything lives. `memory`: in this one process, and gone with it; only to develop and test ' +
        'applications, as `baton dev` does. No Redis may be set then, and there can be no second pod.',
    },
    ['redis', 'memory'],
  ),
};
