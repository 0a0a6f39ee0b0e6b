import eslint from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { boundaries } from './eslint.boundaries.ts';

export default defineConfig(
  globalIgnores(['reports/', 'test-results/', 'allure-results/', 'allure-report/', 'playwright-report/', '**/node_modules/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  eslint.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      // House rule: a file has one purpose. About 250 lines; this is where it stops.
      'max-lines': ['error', 300],
      'no-constructor-return': 'error',
      // Every control character in a pattern here is meant: patterns that take terminal colours out of text.
      'no-control-regex': 'off',
      'no-self-compare': 'error',
      'no-template-curly-in-string': 'error',
      'no-unmodified-loop-condition': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      // Inline `import('x').Y` types would slip past the folder boundaries, which look at import statements.
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: true }],
      '@typescript-eslint/no-floating-promises': ['error', {
        // node:test awaits its own tests.
        allowForKnownSafeCalls: [{ from: 'package', package: 'node:test', name: ['test', 'it', 'describe', 'suite', 'before', 'after', 'beforeEach', 'afterEach'] }],
      }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all' }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/use-unknown-in-catch-callback-variable': 'error',
      // Interfaces ask for promises of functions that have nothing to wait for (stand-ins, handlers).
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    // Tests take `stop` and the like out of what they start; the probe takes natives before a page can replace them.
    files: ['**/*.test.ts', 'bench/**/*.ts', 'src/probe/**/*.ts'],
    rules: { '@typescript-eslint/unbound-method': 'off' },
  },
  {
    // Its templates are made of functions on purpose: they become the source that runs in the page.
    files: ['src/probe/source.ts'],
    rules: { '@typescript-eslint/restrict-template-expressions': 'off' },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { console: 'readonly', process: 'readonly', URL: 'readonly' } },
  },
  {
    files: ['platform/web/static/**/*.js'],
    languageOptions: {
      sourceType: 'module',
      globals: Object.fromEntries(
        ['document', 'window', 'location', 'history', 'fetch', 'EventSource', 'FormData', 'AbortController', 'Intl',
          'setTimeout', 'clearTimeout', 'URLSearchParams', 'navigator', 'requestAnimationFrame', 'crypto', 'localStorage']
          .map((name) => [name, 'readonly']),
      ),
    },
  },
  ...boundaries,
);
