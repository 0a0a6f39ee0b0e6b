import type { Failures } from '../analyze/series.ts';

/** Returns a duration as people say it: `850 ms`, `12.5 s`. */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Returns what failures there were, as plain sentences: how many by code, then the first ones. */
export function failureEvidence(failures: Failures, of: number): string[] {
  const codes = [...failures.byCode].sort(([codeA, a], [codeB, b]) => b - a || (codeA < codeB ? -1 : 1));
  if (codes.length === 0) return [];
  const total = codes.reduce((sum, [, count]) => sum + count, 0);
  const first = failures.first.map((one) => {
    const who = one.vu === null ? '' : ` of user ${one.vu}`;
    const message = one.message === null ? '' : `: ${one.message.split('\n')[0] ?? ''}`;
    const picture = one.screenshot === null ? '' : `, screenshot ${one.screenshot}`;
    return `at ${duration(one.tMs)}${who} ${one.code}${message}${picture}`;
  });
  const traces = failures.traces.length === 0 ? [] : [`traces, to open with "npx playwright show-trace": ${failures.traces.join(', ')}`];
  const counts = `${total} of ${of} failed: ${codes.map(([code, count]) => `${count} ${code}`).join(', ')}`;
  // A block on a terminal has room for the beginning only.
  return [counts, ...first.slice(0, 1), ...traces, ...first.slice(1)];
}

/** Returns a number of samples without pretended precision: two significant digits above 20. */
export function about(count: number): string {
  if (count <= 20) return String(count);
  const step = 10 ** (Math.floor(Math.log10(count)) - 1);
  return `${Math.ceil(count / step) * step}`.replace(/\B(?=(\d{3})+$)/g, ',');
}
