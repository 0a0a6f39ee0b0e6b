import { fetchBounded, NoPage } from '../../collect/metrics/bounded-fetch.ts';
import type { ErrorBudget } from '../../model/index.ts';
import type { HarnessSettings } from '../../plan/settings.ts';
import { harmless } from '../../report/text.ts';
import { alertLines, type AlertLine } from './messages.ts';
import type { AlertEvent, ChannelName } from './state.ts';

/** All that a message may say. */
export interface Message {
  target: string;
  nowEpochMs: number;
  events: readonly AlertEvent[];
  budgets: readonly ErrorBudget[];
}

/** Tells somebody of alerts; throws where that failed, and is then asked again in the next round. */
export interface Channel {
  name: ChannelName;
  send(message: Message): Promise<void>;
}

export interface Outputs {
  settings: HarnessSettings;
  /** Whether GitHub Actions runs this. */
  github: boolean;
  out: (text: string) => void;
  signal?: AbortSignal;
}

/** Returns the channels that there are here, in their order. A new one is an entry. */
export function channelsOf({ settings, github, out, signal }: Outputs): Channel[] {
  const { ALERT_WEBHOOK_URL: url, ALERT_WEBHOOK_FORM: form } = settings;
  return [
    { name: 'terminal', send: async ({ events }) => out(terminalText(alertLines(events))) },
    ...(github ? [{
      name: 'github' as const, send: async ({ events }: Message) => out(annotations(alertLines(events))),
    }] : []),
    ...(url === undefined ? [] : [{
      name: 'webhook' as const, send: (message: Message) => post(url, bodyOf(message, form ?? formFor(url)), signal),
    }]),
  ];
}

const MARKS = { page: '✗', ticket: '!', info: '·' } as const;

function terminalText(lines: readonly AlertLine[]): string {
  return lines.map(({ event, severity, text, runbook }) =>
    (event === 'began' ? ` ${MARKS[severity]} ${severity}: ${text} See ${runbook}\n` : ` ✓ ${text}\n`)).join('');
}

const COMMANDS = { page: 'error', ticket: 'warning', info: 'notice' } as const;

/** GitHub's workflow commands. `harmless` leaves no line breaks, and a percent sign would begin an escape. */
function annotations(lines: readonly AlertLine[]): string {
  return lines.map(({ event, severity, text, runbook }) => {
    const [command, words] = event === 'began' ? [COMMANDS[severity], `${text} See ${runbook}`] : ['notice', text];
    return `::${command} title=Error budget::${words.replaceAll('%', '%25')}\n`;
  }).join('');
}

const EMOJI = { page: ':rotating_light:', ticket: ':warning:', info: ':information_source:' } as const;

function formFor(url: string): 'json' | 'slack' {
  return URL.parse(url)?.hostname === 'hooks.slack.com' ? 'slack' : 'json';
}

/** Returns what is posted: Slack's form (incoming webhooks take `text` with three signs escaped), or all as plain JSON. */
function bodyOf({ target, nowEpochMs, events, budgets }: Message, form: 'json' | 'slack'): object {
  const lines = alertLines(events);
  if (form === 'slack') {
    const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    const text = lines.map(({ event, severity, text: said, runbook }) => (event === 'ended' ? `:white_check_mark: ${escape(said)}` :
      `${EMOJI[severity]} *${severity}* ${escape(said)} See \`${escape(runbook)}\``));
    return { text: [`*Error budgets of ${escape(harmless(target))}*`, ...text].join('\n') };
  }
  return {
    v: 1, sender: 'openshow-journeys', target, sentAtEpochMs: nowEpochMs,
    text: lines.map(({ event, severity, text }) => (event === 'began' ? `${severity}: ${text}` : text)).join('\n'),
    events: events.map(({ event, alert, sinceEpochMs, atEpochMs }) => ({ event, ...alert, sinceEpochMs, atEpochMs })),
    budgets: budgets.map(({ service, source, leftPercent }) => ({ service, source, leftPercent })),
  };
}

const LIMIT_MS = 10_000;
const LARGEST_ANSWER_BYTES = 1024 ** 2;
const LONGEST_WORDS = 100;

/** The address is a secret: whoever knows it can post there. So only its host is ever told. */
async function post(url: string, json: object, signal: AbortSignal | undefined): Promise<void> {
  let words = '';
  const { status, host } = await fetchBounded(
    { url, accept: '*/*', json }, { limitMs: LIMIT_MS, maxBytes: LARGEST_ANSWER_BYTES, ...(signal ? { signal } : {}) },
    (text) => {
      words = (words + text).slice(0, LONGEST_WORDS);
    },
  );
  if (status >= 200 && status < 300) return;
  const said = harmless(words.split('\n')[0] ?? '');
  throw new NoPage(`${host} answers ${status}${said === '' ? '' : ` (${said})`}`, false);
}
