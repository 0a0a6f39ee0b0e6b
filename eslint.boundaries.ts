import type { Linter } from 'eslint';

/**
 * Who may import whom (design §3), as options of ESLint's own rules: every message says the fix. No plugin: those resolve
 * files and bring resolvers of their own for what a dozen patterns over the import's text do here, since relative imports
 * carry their full path. eslint.boundaries.test.ts proves that each rule fires.
 */

const SHARED = ['src/errors\\.ts$', 'src/nearest\\.ts$'];
const JOURNEY_TYPES = 'src/journey\\.ts$';
const ANY_SRC = ['src/(?!golden/|probe/)'];
const JOIN = 'only src/cli and artillery/ join the parts: pass it in from there as an argument';

/** Clock, randomness, I/O: what makes the same observations give another verdict tomorrow. */
const PURE = {
  globals: {
    Date: 'take the time as a number of milliseconds from the caller',
    performance: 'take the time as a number of milliseconds from the caller',
    Temporal: 'take the time as a number of milliseconds from the caller',
    crypto: 'take a hash or a seeded random function from the caller',
    ...fromEach(['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest', 'BroadcastChannel', 'Worker', 'process', 'console'],
      'return the value and let src/cli or artillery/ do the input or output'),
    ...fromEach(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'], 'compute it at once: nothing here waits'),
    ...fromEach(['globalThis', 'global', 'window', 'self', 'require'], 'name what you need, so that the linter can see it'),
  },
  packages: {
    regex: '^(?:node:|(?:fs|os|path|crypto|child_process|http|https|net|timers|worker_threads|perf_hooks|module|util|url)(?:/|$)|playwright|@playwright/|artillery|undici)',
    message: 'no clock, no randomness, no I/O here. Fix: read it in src/cli or artillery/ and pass the value in.',
  },
};

interface Folder {
  folder: string;
  /** The places outside of it that it may import: patterns, from the root. */
  may: string[];
  /** What to do instead. */
  fix: string;
  packages?: { regex: string; message: string };
  /** Forbidden globals, each with what to do instead. */
  globals?: Record<string, string>;
  pure?: boolean;
  noDynamic?: boolean;
}

const FOLDERS: Folder[] = [
  {
    folder: 'src/model', may: [], pure: true, globals: PURE.globals,
    fix: 'move the type or schema into src/model, or the code out of it; model imports only zod',
    packages: { regex: '^(?!\\.{1,2}/|zod$)', message: 'model imports only zod. Fix: move what needs this to src/plan, src/analyze or later.' },
  },
  { folder: 'src/plan', may: ['src/model/', ...SHARED], fix: `model ← plan: move what both need to src/model; ${JOIN}` },
  {
    folder: 'src/privacy', may: ['src/model/'], pure: true, globals: PURE.globals, packages: PURE.packages,
    fix: 'detectors know the model alone: take settings and files as arguments',
  },
  {
    folder: 'src/probe', may: [], noDynamic: true,
    fix: 'the probe runs in the page, alone: move the code into src/probe, or do it in src/collect',
    packages: { regex: '^(?!\\.{1,2}/)', message: 'the probe runs in the page, where there is no Node and no package. Fix: use the DOM, or do it in src/collect.' },
    globals: fromEach(['process', 'Buffer', 'require', 'global', 'module', 'exports', 'setImmediate', '__dirname', '__filename'],
      'the probe runs in the page, where there is no Node: use the DOM, or do it in src/collect'),
  },
  {
    folder: 'src/collect', may: ['src/model/', 'src/plan/', 'src/privacy/', 'src/probe/', ...SHARED],
    fix: `model ← plan ← collect: move what both need to src/model; ${JOIN}`,
  },
  {
    folder: 'src/drive', may: ['src/model/', 'src/plan/', 'src/privacy/', 'src/collect/', JOURNEY_TYPES, ...SHARED],
    fix: `model ← plan ← collect/drive: move what both need to src/model; ${JOIN}`,
  },
  {
    folder: 'src/analyze', may: ['src/model/', ...SHARED], pure: true, globals: PURE.globals, packages: PURE.packages,
    fix: 'model ← analyze: move what both need to src/model, or take it as an argument',
  },
  {
    folder: 'src/verdict', may: ['src/model/', 'src/analyze/', ...SHARED], pure: true, globals: PURE.globals, packages: PURE.packages,
    fix: 'model ← analyze ← verdict: move what both need to src/model, or take it as an argument',
  },
  {
    folder: 'src/report', may: ['src/model/', ...SHARED],
    fix: 'report → model only: put what the report shows into the record (src/model/verdict.ts) and read it from there',
  },
  {
    folder: 'src/history', may: ['src/model/', ...SHARED],
    fix: 'the history keeps what the model says: move what both need to src/model, or take it as an argument',
  },
  {
    folder: 'src/replay', may: ['src/model/', ...SHARED],
    fix: 'the import of traffic knows the model alone: move what both need to src/model, or take it as an argument',
  },
  { folder: 'src/cli', may: ANY_SRC, fix: 'the command line takes parts of src only: move what both need to src, or start the other by its command' },
  { folder: 'src/golden', may: ['src/model/', 'src/plan/', ...SHARED], fix: 'golden makes sample data from the model alone: move what it needs to src/model' },
  {
    folder: 'journeys', may: ['fixtures/', JOURNEY_TYPES], noDynamic: true,
    fix: 'a journey knows no runner: take page, step, api and persona from its arguments, types from src/journey.ts, new helpers from fixtures/',
    packages: {
      regex: '^(?:artillery|@playwright/test|playwright/test|playwright-core|allure|undici|node:)',
      message: 'a journey knows no runner and runs in each unchanged. Fix: take page, step, api and persona from its arguments; types come from "playwright".',
    },
  },
  { folder: 'fixtures', may: [JOURNEY_TYPES, ...SHARED], fix: 'fixtures serve journeys and runners and know neither: take what is needed as an argument' },
  { folder: 'artillery', may: [...ANY_SRC, 'fixtures/'], fix: 'Artillery joins src and fixtures: move what both need there; journeys are loaded by src/drive/journeys.ts' },
  {
    folder: 'platform', may: [],
    fix: 'the platform is the system under test and shares nothing with the harness: write it anew inside platform/',
    packages: {
      regex: '^(?:artillery|@playwright/|playwright)',
      message: 'the platform is the system under test and knows no tool that tests it. Fix: test it by HTTP with fetch.',
    },
  },
  { folder: 'bench', may: [...ANY_SRC, 'src/golden/', 'fixtures/', 'journeys/', 'artillery/create-processor\\.ts$'], fix: 'a benchmark takes parts of src; it meets everything else as a person does, by command or HTTP' },
  { folder: 'test', may: [...ANY_SRC, 'fixtures/', 'artillery/'], fix: 'a test takes parts of src; it meets the platform by command and HTTP' },
];

const INTO_PLATFORM = {
  regex: '^(?:\\.{1,2}/)*(?:\\.\\./|^\\./)platform/',
  message: 'Nothing imports platform/. Fix: start it with src/drive/platform.ts and speak HTTP with it.',
};
/** Folders below a listed one, as deep as any is; each depth has its own number of "../" that leads out of it. */
const DEPTHS = [0, 1, 2, 3];
const DETOUR = {
  regex: '^/|^file:|[^./][^/]*/\\.\\./',
  message: 'An import goes straight to its file, so that the linter sees whose it is. Fix: write the shortest relative path.',
};
const NO_DYNAMIC = {
  selector: 'ImportExpression',
  message: 'A dynamic import hides what this folder depends on. Fix: import it at the top of the file.',
};
const NO_RELATIVE_DYNAMIC = { ...NO_DYNAMIC, selector: 'ImportExpression[source.value=/^\\./]' };

/** ESLint configurations, one for each listed folder and depth; none of them overlap, since later options replace earlier ones. */
export const boundaries: Linter.Config[] = [
  {
    files: ['*.{ts,mts,js}', 'scripts/**/*.ts', 'src/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [DETOUR, INTO_PLATFORM] }],
      'no-restricted-syntax': ['error', NO_RELATIVE_DYNAMIC],
    },
  },
  {
    files: ['src/errors.ts', 'src/nearest.ts', 'src/journey.ts'],
    rules: {
      'no-restricted-imports': ['error', {
        patterns: [{
          regex: '^(?!playwright$)',
          message: 'Every folder takes this file, so it takes nothing: through it, a boundary would leak. Fix: pass the value in.',
        }],
      }],
    },
  },
  ...FOLDERS.flatMap((entry) => DEPTHS.map((depth) => sourceRules(entry, depth))),
  ...FOLDERS.flatMap((entry) => DEPTHS.map((depth) => testRules(entry, depth))),
];

function sourceRules({ folder, may, fix, packages, globals, pure, noDynamic }: Folder, depth: number): Linter.Config {
  const rules: Linter.RulesRecord = {
    'no-restricted-imports': ['error', {
      patterns: [
        DETOUR,
        ...(folder === 'platform' ? [] : [INTO_PLATFORM]),
        { regex: outsideOf(folder, depth, may), message: `${folder} may not import this. Fix: ${fix}.` },
        ...(packages ? [packages] : []),
      ],
    }],
    'no-restricted-syntax': ['error', pure || noDynamic ? NO_DYNAMIC : NO_RELATIVE_DYNAMIC],
  };
  if (globals) {
    rules['no-restricted-globals'] = ['error', ...Object.entries(globals).map(([name, what]) => ({ name, message: `Fix: ${what}.` }))];
  }
  if (pure) {
    rules['no-restricted-properties'] = ['error', {
      object: 'Math', property: 'random', message: 'The same observations must give the same verdict. Fix: take a seeded random function from the caller.',
    }];
  }
  return { files: [filesOf(folder, depth, '*.{ts,mts}')], ignores: ['**/*.test.ts'], rules };
}

/** Tests sit beside their sources and may join what they need, but are no back door to the platform either. */
function testRules({ folder, fix }: Folder, depth: number): Linter.Config {
  const ban = folder === 'platform' ? { regex: outsideOf(folder, depth, []), message: `platform may not import this. Fix: ${fix}.` } : INTO_PLATFORM;
  return {
    files: [filesOf(folder, depth, '*.test.ts')],
    rules: { 'no-restricted-imports': ['error', { patterns: [DETOUR, ban] }], 'no-restricted-syntax': ['error', NO_RELATIVE_DYNAMIC] },
  };
}

function filesOf(folder: string, depth: number, names: string): string {
  return `${folder}/${'*/'.repeat(depth)}${names}`;
}

/**
 * Matches a relative import that leads out of the folder to anything but `may`. A file at `depth` leaves its folder by
 * depth + 1 steps up, which ends in src/ for what lies there, else in the root; further up there is nothing to take.
 */
function outsideOf(folder: string, depth: number, may: readonly string[]): string {
  const places = may.map((place) => (folder.startsWith('src/') ? place.replace(/^src\//, '') : place));
  const steps = depth + 1;
  return `^(?:\\./)*(?:(?:\\.\\./){${steps}}(?!${['\\.\\./', ...places].join('|')})|(?:\\.\\./){${steps + 1}})`;
}

function fromEach(names: readonly string[], what: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, what]));
}
