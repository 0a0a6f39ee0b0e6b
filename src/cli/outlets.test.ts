import assert from 'node:assert/strict';
import test from 'node:test';
import type { HarnessSettings } from '../plan/settings.ts';
import { annotatorOf, outletsOf, withoutCommands } from './outlets.ts';

const SETTINGS: HarnessSettings = { BROWSER: 'headless-shell', REPORTS_DIR: 'reports', ALLOW_PARALLEL_RUNS: '0', FORCE: '0' };

test('nothing is sent that no setting asks for', () => {
  assert.deepEqual(outletsOf(SETTINGS, {}), { annotate: null, pushgatewayUrl: null, otel: false });
});

test('what .env says of OpenTelemetry reaches its exporter, and its own switches switch it off', () => {
  const settings = { ...SETTINGS, PUSHGATEWAY_URL: 'http://gateway', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
  const environment: Record<string, string> = {};
  assert.deepEqual(outletsOf(settings, environment), { annotate: null, pushgatewayUrl: 'http://gateway', otel: true });
  assert.deepEqual(environment, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' });
  assert.equal(outletsOf(settings, { OTEL_SDK_DISABLED: 'true' }).otel, false);
  assert.equal(outletsOf(settings, { OTEL_METRICS_EXPORTER: 'none' }).otel, false);
});

test('inside of GitHub’s actions there are annotations, and the block holds no command whatever stands in it', () => {
  assert.equal(annotatorOf({}), null);
  assert.notEqual(annotatorOf({ GITHUB_ACTIONS: 'true' }), null);
  const block = 'NO-GO\n  ::error::from a page';
  assert.equal(withoutCommands(block, {}, 'token'), block);
  assert.equal(withoutCommands(block, { GITHUB_ACTIONS: 'true' }, 'token'), `::stop-commands::token\n${block}\n::token::`);
});
