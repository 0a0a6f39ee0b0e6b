import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'dotenv';
import { z } from 'zod';
import { CodedError } from '../errors.ts';
import { ALLOWABLE, GuardName } from '../model/index.ts';
import { isMetricsUrl, SHARE_MAX } from './api.ts';
import { HostPattern } from './guards/hosts.ts';
import { LoadWindowSetting } from './guards/off-peak.ts';
import { toSeconds } from './script.ts';

const text = z.string().trim().min(1);
/** Artillery's timers end at some 24 days; a soak of more is no test any more. */
const MOST_SOAK_S = 24 * 86_400;
const words = text.transform((list) => list.split(',').map((word) => word.trim()).filter((word) => word !== ''))
  .refine((list) => list.length > 0, 'names, with commas between them');
const webAddress = text.refine((value) => /^https?:$/.test(URL.parse(value)?.protocol ?? ''), 'an http(s) address');
const hosts = words.pipe(z.array(HostPattern));
/** So that a reason is one to somebody who reads the report. */
const REASON_LEAST = 10;
const REASON_MOST = 500;
const port = z.coerce.number().int().min(1).max(65_535);

/** Every setting that .env or the environment may hold; .env.example documents each, and a test keeps the two together. */
export const SETTINGS = {
  TARGET_URL: text.optional(),
  TARGET_HTTP_USER: text.optional(),
  TARGET_HTTP_PASSWORD: text.optional(),
  HEALTH_PATH: text.regex(/^\//, 'a path that begins with /').optional(),
  BROWSER: z.enum(['headless-shell', 'chromium', 'chrome', 'msedge']).default('headless-shell'),
  BROWSER_PATH: text.optional(),
  REPORTS_DIR: text.default('reports'),
  RUN_ID: text.optional(),
  SEED: z.coerce.number().int().nonnegative().optional(),
  PLATFORM_PORT: port.optional(),
  ALLOW_PARALLEL_RUNS: z.enum(['0', '1']).default('0'),
  FORCE: z.enum(['0', '1']).default('0'),
  ALLOWED_HOSTS: hosts.optional(),
  PRODUCTION_HOSTS: hosts.optional(),
  BROWSER_HOSTS: hosts.optional(),
  BROWSER_TAGS: z.enum(['headers', 'agent']).optional(),
  LOAD_WINDOW: LoadWindowSetting.optional(),
  GUARD_OVERRIDES: words.pipe(z.array(GuardName)).optional(),
  GUARD_REASON: text.min(REASON_LEAST, `at least ${REASON_LEAST} characters that tell a reader why`).max(REASON_MOST).optional(),
  RESUME: text.optional(),
  SOAK_DURATION: text.transform((value) => toSeconds(value) ?? NaN)
    .refine((seconds) => seconds > 0 && seconds <= MOST_SOAK_S, 'a length such as 90m, 8h or 72h, at most 24d').optional(),
  REPLAY_TRAFFIC: text.optional(),
  REPLAY_SPEED: z.coerce.number().min(0.01).max(1_000).optional(),
  DRILLS: words.optional(),
  DRILL_HOSTS: words.optional(),
  PLATFORM_OPERATIONS_TOKEN: text.optional(),
  // A live key could move real money: only a test account's is ever taken.
  AUDIT_PROVIDER_KEY: text.regex(/^[sr]k_test_\w+$/, "a test key (sk_test_… or rk_test_…); a live one is never used").optional(),
  AUDIT_PLATFORM_TOKEN: text.optional(),
  TEARDOWN_TOKEN: text.optional(),
  API_SHARE: z.coerce.number().min(0).max(SHARE_MAX).optional(),
  METRICS_URLS: text.transform((list) => list.split(',').map((url) => url.trim()).filter((url) => url !== ''))
    .refine((urls) => urls.length > 0 && urls.every((url) => url === 'target' || isMetricsUrl(url)), '"target" or http(s) addresses without credentials, with commas between them').optional(),
  PROMETHEUS_URL: text.refine(isMetricsUrl, 'an http(s) address without credentials').optional(),
  PRIVACY_ALLOW: words.refine((list) => list.every((one) => ALLOWABLE.test(one)), 'e-mail addresses, @domains, phone numbers or IP addresses, with commas between them').optional(),
  ALERT_WEBHOOK_URL: text.refine((url) => /^https?:$/.test(URL.parse(url)?.protocol ?? ''), 'an http(s) address').optional(),
  ALERT_WEBHOOK_FORM: z.enum(['json', 'slack']).optional(),
  PUSHGATEWAY_URL: webAddress.optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: webAddress.optional(),
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: webAddress.optional(),
  OTEL_EXPORTER_OTLP_HEADERS: text.optional(),
} as const;

const Settings = z.object(SETTINGS).superRefine((value, context) => {
  if ((value.TARGET_HTTP_USER === undefined) !== (value.TARGET_HTTP_PASSWORD === undefined)) {
    context.addIssue({
      code: 'custom',
      path: [value.TARGET_HTTP_USER === undefined ? 'TARGET_HTTP_USER' : 'TARGET_HTTP_PASSWORD'],
      message: 'user and password go together',
    });
  }
  if (value.GUARD_OVERRIDES !== undefined && value.GUARD_REASON === undefined) {
    context.addIssue({ code: 'custom', path: ['GUARD_REASON'], message: 'an override needs its reason, which every report of the run then gives' });
  }
});
export type HarnessSettings = z.infer<typeof Settings>;

/**
 * Returns the settings from the environment, with .env in `folder` for what the environment does not set.
 * Throws J_ENV_INVALID with every fault at once; values are never shown, since some are credentials.
 */
export function readSettings(folder: string, environment: NodeJS.ProcessEnv): HarnessSettings {
  const file = join(folder, '.env');
  const fromFile = existsSync(file) ? parse(readFileSync(file)) : {};
  const merged: Record<string, string> = {};
  for (const name of Object.keys(SETTINGS)) {
    // An empty value, as a copied .env.example has it, means "not set".
    const value = environment[name] || fromFile[name];
    if (value) merged[name] = value;
  }
  const parsed = Settings.safeParse(merged);
  if (parsed.success) return parsed.data;
  throw new CodedError(
    'J_ENV_INVALID',
    parsed.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      return { where: environment[name] ? `environment ${name}` : `.env ${name}`, message: issue.message };
    }),
  );
}
