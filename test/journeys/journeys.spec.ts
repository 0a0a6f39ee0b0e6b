import { expect, test } from '@playwright/test';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createFixtures } from '../../fixtures/index.ts';
import { MemoryRecorder } from '../../src/collect/recorder.ts';
import { createRouter } from '../../src/collect/routes.ts';
import { actJourney } from '../../src/drive/act.ts';
import { browserAgent } from '../../src/drive/browser-agent.ts';
import { loadJourneys } from '../../src/drive/journeys.ts';
import { agentTag, tagHeaders } from '../../src/drive/tags.ts';
import type { BlockedObservation, PaymentObservation, StepObservation } from '../../src/model/index.ts';
import { browserHosts, createHostGuard, sendsTagHeaders } from '../../src/plan/browser-hosts.ts';
import { readSettings } from '../../src/plan/settings.ts';
import { TARGET } from './target.setup.ts';

const ROOT = join(import.meta.dirname, '../..');
const settings = readSettings(ROOT, process.env);
const { journeys, faults } = await loadJourneys(join(ROOT, 'journeys'));

test('every journey file can be loaded', () => {
  expect(faults).toEqual([]);
});

for (const journey of journeys.values()) {
  test(journey.name, async ({ browser, contextOptions }, info) => {
    const url = process.env[TARGET] ?? '';
    const runId = `check-${randomUUID().slice(0, 8)}`;
    const tag = { runId, kind: 'synthetic' } as const;
    const reach = { target: { url, embedded: (settings.TARGET_URL ?? 'embedded') === 'embedded' }, browserHosts: browserHosts(url, settings.BROWSER_HOSTS) };
    const context = await browser.newContext({
      ...contextOptions, baseURL: url, userAgent: `${await browserAgent(browser)} ${agentTag(tag)}`,
      ...(sendsTagHeaders(reach, settings.BROWSER_TAGS) ? { extraHTTPHeaders: tagHeaders(tag, runId) } : {}),
    });
    const recorder = new MemoryRecorder();
    const vu = `check-${info.testId}`;
    await actJourney(journey, {
      context,
      base: { v: 1, runId, vu, phase: null, journey: journey.name, role: 'observer' },
      sink: recorder,
      now: () => performance.now(),
      route: createRouter(url),
      keptFrom: createHostGuard(reach.browserHosts),
      fixtures: createFixtures({ context, runId, vu, seed: 1 }),
      stepDeadlineMs: 15_000,
      failuresFolder: info.outputPath('failures'),
      ending: new AbortController().signal,
    }).finally(async () => {
      const failed = recorder.observations.find((one): one is StepObservation => one.kind === 'step' && one.screenshot !== undefined);
      if (failed?.screenshot) await info.attach('picture of the failed step', { path: info.outputPath(failed.screenshot), contentType: 'image/jpeg' });
    });
    await context.close();

    const steps = recorder.observations.filter((one): one is StepObservation => one.kind === 'step');
    for (const step of steps) {
      const perceived = step.perceivedMs === null ? `not measured: ${step.unmeasured}` : `${step.perceivedMs.toFixed(0)} ms`;
      info.annotations.push({ type: step.name, description: perceived });
    }
    for (const { host, requests } of recorder.observations.filter((one): one is BlockedObservation => one.kind === 'blocked')) {
      info.annotations.push({ type: 'blocked', description: `${requests} to ${host}, which is not on the list (BROWSER_HOSTS)` });
    }
    expect(steps.length, 'a journey measures at least one step').toBeGreaterThan(0);
    expect(steps.filter((step) => step.clock === 'page' && step.perceivedMs === null).map((step) => `${step.name}: ${step.unmeasured}`)).toEqual([]);
    // A check that the target's answers were good, not only that something showed.
    const errors = recorder.observations.filter((one) => one.kind === 'request' && (one.status === null || one.status >= 400));
    expect(errors).toEqual([]);
    // Whatever was done to a payment, its user was told in the end that it is paid; or that it is being paid, where that was
    // begun in a tab that was closed at once.
    const payments = recorder.observations.filter((one): one is PaymentObservation => one.kind === 'payment');
    expect(journey.name === 'payment closed tab' ? ['receipt', 'confirming'] : ['receipt']).toContain(payments.at(-1)?.shown ?? 'receipt');
    expect(new Set(payments.map(({ intentId }) => intentId)).size, 'one intent, however often it was paid').toBeLessThanOrEqual(1);
  });
}
