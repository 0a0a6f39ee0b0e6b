import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { boundaries } from './eslint.boundaries.ts';

/** The boundary rules alone, without type information: this checks the rules, `npm run lint` checks the files. */
const linter = new ESLint({
  overrideConfigFile: true,
  overrideConfig: [{ files: ['**/*.{ts,mts}'], languageOptions: { parser: tseslint.parser } }, ...boundaries],
});

async function messagesFor(filePath: string, code: string): Promise<string[]> {
  const [result] = await linter.lintText(code, { filePath });
  return (result?.messages ?? []).map((message) => message.message);
}

const takes = (specifier: string): string => `import { x } from '${specifier}';\nexport { x };\n`;

/** File, what it imports, and the part of the message that names the fix. */
const FORBIDDEN_IMPORTS: [file: string, specifier: string, fix: RegExp][] = [
  ['src/model/plan.ts', '../plan/slo.ts', /Fix: move the type or schema into src\/model/],
  ['src/model/plan.ts', '../errors.ts', /model imports only zod/],
  ['src/model/plan.ts', 'yaml', /model imports only zod\. Fix:/],
  ['src/model/plan.ts', 'node:fs', /model imports only zod\. Fix:/],
  ['src/plan/build.ts', '../collect/recorder.ts', /Fix: model ← plan/],
  ['src/plan/build.ts', '../drive/target.ts', /Fix: model ← plan/],
  ['src/plan/build.ts', '../../artillery/channel.ts', /Fix: model ← plan/],
  ['src/collect/recorder.ts', '../drive/pool.ts', /Fix: model ← plan ← collect/],
  ['src/collect/recorder.ts', '../analyze/analyze.ts', /only src\/cli and artillery\/ join the parts/],
  ['src/drive/pool.ts', '../verdict/decide.ts', /Fix: model ← plan ← collect\/drive/],
  ['src/drive/pool.ts', '../report/text.ts', /only src\/cli and artillery\/ join the parts/],
  ['src/drive/pool.ts', '../cli/judge.ts', /only src\/cli and artillery\/ join the parts/],
  ['src/drive/lanes/api.ts', '../../report/text.ts', /only src\/cli and artillery\/ join the parts/],
  ['src/drive/pool.ts', '../golden/samples.ts', /Fix: model ← plan ← collect\/drive/],
  ['src/analyze/analyze.ts', '../plan/slo.ts', /Fix: model ← analyze/],
  ['src/analyze/analyze.ts', '../verdict/decide.ts', /Fix: model ← analyze/],
  ['src/analyze/analyze.ts', 'node:fs', /Fix: read it in src\/cli or artillery\/ and pass the value in/],
  ['src/analyze/analyze.ts', 'fs/promises', /Fix: read it in src\/cli/],
  ['src/analyze/analyze.ts', 'playwright', /Fix: read it in src\/cli/],
  ['src/verdict/decide.ts', '../report/text.ts', /Fix: model ← analyze ← verdict/],
  ['src/verdict/decide.ts', '../cli/color.ts', /Fix: model ← analyze ← verdict/],
  ['src/verdict/decide.ts', 'node:crypto', /Fix: read it in src\/cli/],
  ['src/replay/write.ts', '../plan/slo.ts', /Fix: the import of traffic knows the model alone/],
  ['src/replay/import/import.ts', '../../cli/color.ts', /Fix: the import of traffic knows the model alone/],
  ['src/history/keep.ts', '../analyze/analyze.ts', /Fix: the history keeps what the model says/],
  ['src/report/terminal.ts', '../verdict/decide.ts', /Fix: report → model only: put what the report shows into the record/],
  ['src/report/terminal.ts', '../analyze/analyze.ts', /report → model only/],
  ['src/report/allure/write.ts', '../../drive/pool.ts', /report → model only/],
  ['src/cli/judge.ts', '../../artillery/main-run.ts', /Fix: the command line takes parts of src only/],
  ['src/cli/judge.ts', '../golden/samples.ts', /Fix: the command line takes parts of src only/],
  ['src/privacy/email.ts', '../plan/settings.ts', /Fix: detectors know the model alone/],
  ['src/privacy/email.ts', 'node:fs', /Fix: read it in src\/cli or artillery\/ and pass the value in/],
  ['src/probe/clock.ts', '../model/index.ts', /Fix: move the code into src\/probe, or do it in src\/collect|the probe runs in the page/],
  ['src/probe/clock.ts', 'node:fs', /no Node and no package\. Fix: use the DOM, or do it in src\/collect/],
  ['src/probe/clock.ts', 'web-vitals', /no Node and no package\. Fix:/],
  ['src/errors.ts', './model/index.ts', /Every folder takes this file, so it takes nothing.*Fix: pass the value in/],
  ['src/nearest.ts', 'node:fs', /Fix: pass the value in/],
  ['src/journey.ts', './drive/steps.ts', /Fix: pass the value in/],
  ['journeys/signup.journey.ts', 'artillery', /Fix: take page, step, api and persona from its arguments/],
  ['journeys/signup.journey.ts', '@playwright/test', /Fix: take page, step, api and persona from its arguments/],
  ['journeys/pages/SignupPage.ts', '@playwright/test', /types come from "playwright"/],
  ['journeys/signup.journey.ts', '../src/drive/steps.ts', /Fix: a journey knows no runner/],
  ['journeys/pages/SignupPage.ts', '../../artillery/channel.ts', /Fix: a journey knows no runner/],
  ['fixtures/api.ts', '../src/drive/target.ts', /Fix: fixtures serve journeys and runners and know neither/],
  ['fixtures/api.ts', '../journeys/define.ts', /Fix: fixtures serve journeys and runners/],
  ['artillery/main-run.ts', '../journeys/define.ts', /journeys are loaded by src\/drive\/journeys\.ts/],
  ['artillery/main-run.ts', '../src/golden/samples.ts', /Fix: Artillery joins src and fixtures/],
  ['platform/main.ts', '../src/errors.ts', /Fix: the platform is the system under test and shares nothing/],
  ['platform/web/routes/api.ts', '../../../src/model/index.ts', /shares nothing with the harness: write it anew/],
  ['platform/web/app.test.ts', '../../src/errors.ts', /shares nothing with the harness: write it anew/],
  ['platform/web/app.ts', 'playwright', /Fix: test it by HTTP with fetch/],
  ['src/drive/platform.ts', '../../platform/main.ts', /Nothing imports platform\/\. Fix: start it with src\/drive\/platform\.ts/],
  ['src/drive/platform.test.ts', '../../platform/main.ts', /Nothing imports platform\/\. Fix: start it/],
  ['artillery/main-run.ts', '../platform/options.ts', /Nothing imports platform\/\. Fix: start it/],
  ['journeys/signup.journey.ts', '../platform/options.ts', /Nothing imports platform\/\. Fix: start it/],
  ['bench/overhead.ts', '../platform/main.ts', /Nothing imports platform\/\. Fix: start it/],
  ['test/e2e/ends.test.ts', '../../platform/main.ts', /Nothing imports platform\/\. Fix: start it/],
  ['playwright.config.ts', './platform/main.ts', /Nothing imports platform\/\. Fix: start it/],
  ['scripts/test.ts', '../platform/main.ts', /Nothing imports platform\/\. Fix: start it/],
  ['src/analyze/analyze.ts', '../model/../plan/slo.ts', /Fix: write the shortest relative path/],
];

for (const [file, specifier, fix] of FORBIDDEN_IMPORTS) {
  test(`${file} may not import ${specifier}, and the message says the fix`, async () => {
    for (const code of [takes(specifier), `import type { X } from '${specifier}';\nexport type { X };\n`, `export * from '${specifier}';\n`]) {
      const messages = await messagesFor(file, code);
      assert.ok(messages.some((message) => fix.test(message)), `${code}${messages.join('\n') || 'no message'}`);
    }
  });
}

const ALLOWED_IMPORTS: [file: string, specifier: string][] = [
  ['src/model/plan.ts', './slo.ts'], ['src/model/plan.ts', 'zod'],
  ['src/plan/build.ts', '../model/index.ts'], ['src/plan/build.ts', '../nearest.ts'], ['src/plan/build.ts', 'node:fs'],
  ['src/collect/perceived.ts', '../probe/source.ts'], ['src/drive/steps.ts', '../collect/perceived.ts'],
  ['src/drive/steps.ts', '../journey.ts'], ['src/drive/lanes/api.ts', '../pool.ts'], ['src/drive/lanes/api.ts', '../../model/index.ts'],
  ['src/analyze/analyze.ts', '../model/index.ts'], ['src/analyze/analyze.ts', 'simple-statistics'],
  ['src/verdict/decide.ts', '../analyze/analyze.ts'], ['src/verdict/decide.ts', '../nearest.ts'],
  ['src/report/terminal.ts', '../model/index.ts'], ['src/report/terminal.ts', 'node:util'],
  ['src/replay/import/import.ts', '../heap.ts'], ['src/replay/import/import.ts', '../../model/index.ts'],
  ['src/cli/judge.ts', '../report/terminal.ts'], ['src/cli/judge.ts', '../drive/browser.ts'],
  ['src/analyze/analyze.test.ts', '../golden/samples.ts'], ['src/analyze/analyze.test.ts', 'node:test'],
  ['journeys/signup.journey.ts', './pages/SignupPage.ts'], ['journeys/define.ts', '../src/journey.ts'],
  ['journeys/define.ts', '../fixtures/index.ts'], ['journeys/pages/SignupPage.ts', 'playwright'],
  ['artillery/main-run.ts', '../src/cli/judge-run.ts'], ['artillery/worker-run.ts', '../fixtures/index.ts'],
  ['platform/web/routes/api.ts', '../app.ts'], ['platform/web/routes/api.ts', '../../shared/http.ts'], ['platform/main.test.ts', './testing.ts'],
  ['bench/accuracy/run.ts', '../../src/collect/perceived.ts'], ['test/e2e/ends.test.ts', '../../src/errors.ts'],
];

for (const [file, specifier] of ALLOWED_IMPORTS) {
  test(`${file} may import ${specifier}`, async () => {
    assert.deepEqual(await messagesFor(file, takes(specifier)), []);
  });
}

const PURE_FOLDERS = ['src/model/some.ts', 'src/analyze/some.ts', 'src/verdict/some.ts'];
const IMPURE: [code: string, fix: RegExp][] = [
  ['export const x = Date.now();', /Fix: take the time as a number of milliseconds/],
  ['export const x = new Date();', /Fix: take the time as a number of milliseconds/],
  ['export const x = performance.now();', /Fix: take the time as a number of milliseconds/],
  ['export const x = Math.random();', /Fix: take a seeded random function/],
  ['const { random } = Math; export { random };', /Fix: take a seeded random function/],
  ['export const x = crypto.randomUUID();', /Fix: take a hash or a seeded random function/],
  ['export const x = process.env.HOME;', /Fix: return the value and let src\/cli/],
  ["export const x = fetch('/');", /Fix: return the value and let src\/cli/],
  ["console.log('x');", /Fix: return the value and let src\/cli/],
  ['setTimeout(() => {}, 1);', /Fix: compute it at once/],
  ['export const x = globalThis.Date;', /Fix: name what you need/],
  ["export const x = await import('node:fs');", /Fix: import it at the top/],
];

for (const file of PURE_FOLDERS) {
  for (const [code, fix] of IMPURE) {
    test(`${file.replace('/some.ts', '')} has no clock, randomness or I/O: ${code}`, async () => {
      const messages = await messagesFor(file, code);
      assert.ok(messages.some((message) => fix.test(message)), messages.join('\n') || 'no message');
    });
  }
}

const OTHER_CODE: [file: string, code: string, fix: RegExp][] = [
  ['src/probe/clock.ts', 'export const x = process.version;', /there is no Node: use the DOM, or do it in src\/collect/],
  ['src/probe/clock.ts', 'export const x = Buffer.from("x");', /there is no Node: use the DOM/],
  ['src/probe/clock.ts', "export const x = await import('node:fs');", /Fix: import it at the top/],
  ['journeys/signup.journey.ts', "export const x = await import('artillery');", /Fix: import it at the top/],
  ['src/drive/pool.ts', "export const x = await import('../verdict/decide.ts');", /Fix: import it at the top/],
  ['src/drive/pool.test.ts', "export const x = await import('../../platform/main.ts');", /Fix: import it at the top/],
];

for (const [file, code, fix] of OTHER_CODE) {
  test(`${file} is refused: ${code}`, async () => {
    const messages = await messagesFor(file, code);
    assert.ok(messages.some((message) => fix.test(message)), messages.join('\n') || 'no message');
  });
}
