/**
 * The rooms of src/ in storeys: a room imports only from the storeys below its own, and from itself. Rooms that share a
 * storey don't know each other; what they need of each other is a port in a room below, wired in app.module.ts.
 */
const storeys = [
  ['protocol'],
  ['lib'],
  ['config'],
  ['observability'],
  ['redis'],
  ['tenancy'],
  ['auth', 'streams'],
  ['sessions', 'accounts', 'files'],
  ['messaging', 'fleet'],
  ['connections'],
  ['draining'],
  ['http', 'kubernetes', 'webhooks'],
];

const pathOf = (rooms) => `^src/(${rooms.join('|')})/`;

const arrows = storeys.flatMap((rooms, storey) =>
  rooms.map((room) => ({
    name: `arrows-of-${room}`,
    comment: `src/${room} may import only from the storeys below it: ${storeys.slice(0, storey).flat().join(', ') || 'none'}.`,
    severity: 'error',
    from: { path: pathOf([room]) },
    to: { path: '^src/', pathNot: pathOf([room, ...storeys.slice(0, storey).flat()]) },
  })),
);

const everyRoom = [...storeys.flat(), 'client', 'cli'];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...arrows,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'arrows-of-client',
      comment: 'The SDK is shipped alone: of the product it may import only protocol and lib.',
      severity: 'error',
      from: { path: '^src/client/' },
      to: { path: '^src/', pathNot: pathOf(['client', 'protocol', 'lib']) },
    },
    {
      name: 'isomorphic-rooms-import-nothing',
      comment:
        'protocol, lib and client run in browsers and have no dependencies: neither Node core modules nor packages.',
      severity: 'error',
      from: { path: pathOf(['protocol', 'lib', 'client']) },
      to: { pathNot: '^src/', couldNotResolve: false },
    },
    {
      name: 'rooms-are-known',
      comment: 'A new room needs a storey here, and a line in ARCHITECTURE.md.',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: pathOf(everyRoom) },
      to: {},
    },
    {
      name: 'nothing-imports-the-composition-root',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: '^src/cli/' },
      to: { path: '^src/[^/]+\\.ts$' },
    },
    {
      name: 'only-redis-imports-ioredis',
      severity: 'error',
      from: { pathNot: '^(src/redis|test/support)/' },
      to: { path: 'node_modules/ioredis/' },
    },
    {
      name: 'only-kubernetes-imports-its-client',
      comment: 'Importing it costs 0.6 s and 87 MB: only where it is enabled.',
      severity: 'error',
      from: { pathNot: '^src/kubernetes/' },
      to: { path: 'node_modules/@kubernetes/client-node/' },
    },
    {
      name: 'product-imports-only-product',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|examples|bench|scripts)/' },
    },
    {
      name: 'product-runs-without-dev-dependencies',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    { name: 'everything-resolves', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
};
