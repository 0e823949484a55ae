import { explainDroppedErrors } from './bench/lint/explain-dropped-errors.js';
import importX from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/** Who may import whom: client -> shared <- server; only the floors above both may see both. */
const floors = {
  shared: ['storage', 'client', 'server', 'relay', 'simulator', 'cli', 'web', 'examples', 'bench', 'test'],
  storage: ['client', 'server', 'relay', 'simulator', 'cli', 'web', 'examples', 'bench', 'test'],
  client: ['server', 'relay', 'simulator', 'cli', 'web', 'examples', 'bench', 'test'],
  server: ['client', 'relay', 'simulator', 'cli', 'web', 'examples', 'bench', 'test'],
  relay: ['simulator', 'cli', 'web', 'examples', 'bench', 'test'],
  simulator: ['cli', 'web', 'examples', 'bench', 'test'],
  cli: ['web', 'examples', 'bench', 'test'],
  web: ['server', 'relay', 'simulator', 'cli', 'examples', 'bench', 'test'],
};

export default tseslint.config(
  // Examples for browsers are packages of their own, which import Tandem as it is installed.
  { ignores: ['dist/', 'node_modules/', 'docs/assets/', 'examples/browser/'] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-self-import': 'error',
      'import-x/no-restricted-paths': [
        'error',
        {
          zones: Object.entries(floors).flatMap(([target, banned]) =>
            banned.map((from) => ({
              target: `./${target}`,
              from: `./${from}`,
              message: `${target}/ must not import ${from}/`,
            })),
          ),
        },
      ],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^\\..*/public\\.js$', message: 'public.ts is for package users; import the file itself.' },
          ],
        },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/prefer-nullish-coalescing': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // `as tf.Tensor` says what is expected; `!` says nothing.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      'max-lines': ['error', { max: 300 }],
    },
  },
  {
    files: Object.keys(floors).map((floor) => `${floor}/**/*.ts`),
    ignores: ['web/build.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.name='mkdir'] Property[key.name='recursive']",
          message: 'It goes round without end under /proc; storage/make-folder.ts does not.',
        },
        {
          // Arguments lie on the stack, which holds some 120,000 of them.
          selector:
            'CallExpression[callee.property.name=/^(push|unshift|min|max|hypot|fromCharCode)$/] > SpreadElement.arguments',
          message: 'A spread array as long as the data overflows the stack: use a loop, or shared/extremes.ts.',
        },
      ],
    },
  },
  {
    files: ['shared/**/*.ts', 'client/*.ts', 'client/browser/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^node:', message: 'This floor runs in browsers too.' },
            { regex: '^ws$', message: 'Sockets are handed in; see shared/transport.' },
            { regex: '^\\..*/public\\.js$', message: 'public.ts is for package users; import the file itself.' },
          ],
        },
      ],
      'no-restricted-globals': ['error', 'process', 'Buffer', 'window', 'document', 'require', '__dirname'],
    },
  },
  {
    files: ['{shared,storage,client,server,relay,simulator,cli,web}/**/*.ts'],
    plugins: { tandem: { rules: { 'explain-dropped-errors': explainDroppedErrors } } },
    rules: { 'tandem/explain-dropped-errors': 'error' },
  },
  prettier,
);
