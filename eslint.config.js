import tseslint from 'typescript-eslint';

const processEnv = {
  object: 'process',
  property: 'env',
  message: 'Configuration is parsed once, in src/config: take the slice you need by injection.',
};
const ioredis = { name: 'ioredis', message: 'Only src/redis talks to Redis: use its typed calls.' };
const forwardRef = {
  name: '@nestjs/common',
  importNames: ['forwardRef'],
  message: 'Arrows between rooms point one way: if two need each other, a concept is missing.',
};
const envFromModule = ['node:process', 'process'].map((name) => ({
  name,
  importNames: ['env'],
  message: processEnv.message,
}));

const proofs = [
  {
    selector: 'CallExpression[callee.object.name=/^(it|test|describe)$/][callee.property.name=/^(only|skip)$/]',
    message: 'A test that is switched off, or alone, proves nothing.',
  },
  { selector: "CallExpression[callee.property.name='retryTimes']", message: 'A test that needs retries is broken.' },
];
const sleep = {
  selector: "CallExpression[callee.name='setTimeout'][arguments.1.value>=100]",
  message: 'No sleeps: wait with eventually(why, condition).',
};

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'node_modules/'] },
  { linterOptions: { noInlineConfig: true } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'max-lines': ['error', { max: 400 }],
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } }],
      'no-restricted-imports': ['error', { paths: [ioredis, forwardRef] }],
      // A Nest module is a class whose content is its decorator.
      '@typescript-eslint/no-extraneous-class': 'off',
      // Memory twins implement asynchronous ports without anything to wait for.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-restricted-properties': ['error', processEnv],
      'no-restricted-imports': ['error', { paths: [ioredis, forwardRef, ...envFromModule] }],
    },
  },
  {
    files: ['src/config/**/*.ts', 'src/main.ts', 'src/cli.ts', 'src/cli*/**/*.ts', 'src/cli-*.ts'],
    rules: {
      'no-restricted-properties': 'off',
      'no-restricted-imports': ['error', { paths: [ioredis, forwardRef] }],
    },
  },
  {
    files: ['src/redis/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { paths: [forwardRef, ...envFromModule] }] },
  },
  { files: ['test/**/*.ts'], rules: { 'no-restricted-syntax': ['error', ...proofs, sleep] } },
  {
    // Support starts real servers, and has deadlines of its own for those that don't answer.
    files: ['test/support/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { paths: [forwardRef] }],
      'no-restricted-syntax': ['error', ...proofs],
    },
  },
  {
    // Plain JavaScript: the type checker reads it too; these rules are the ones that need no types.
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    extends: [tseslint.configs.base],
    rules: { 'max-lines': ['error', { max: 400 }], 'no-var': 'error', 'prefer-const': 'error', eqeqeq: 'error' },
  },
);
