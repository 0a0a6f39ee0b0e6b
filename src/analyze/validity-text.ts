import type { DisturbedSpan, Validity } from '../model/index.ts';

/** Returns an excess with its sign: `+1.2 ms`, `+83 ms`, `−0.4 ms`. */
export function excessText(ms: number): string {
  const size = Math.abs(ms);
  const digits = size < 9.95 ? size.toFixed(1) : String(Math.round(size));
  return `${ms < 0 && Number(digits) > 0 ? '−' : '+'}${digits} ms`;
}

export function secondsText(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** Returns a time since the run's start: `00:41`, `1:02:03`. */
export function clockText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  return `${hours > 0 ? `${hours}:` : ''}${two(minutes)}:${two(seconds % 60)}`;
}

/** What is known to have disturbed comes before what is only not known. */
function worst(spans: readonly DisturbedSpan[]): { span: DisturbedSpan; more: string; verb: string } | null {
  const disturbed = spans.filter((span) => span.state === 'disturbed');
  const [span] = disturbed.length > 0 ? disturbed : spans;
  if (!span) return null;
  const more = spans.length === 1 ? '' : ` and ${spans.length - 1} more ${spans.length === 2 ? 'time' : 'times'}`;
  return { span, more, verb: span.state === 'disturbed' ? 'observers disturbed' : 'observers unproven' };
}

/** Returns the header's words: `observers undisturbed (canary +1.2 ms)`, `observers disturbed 00:41–01:20 (canary +83 ms)`. */
export function summaryOf({ disturbed, observer }: Pick<Validity, 'disturbed' | 'observer'>): string {
  const found = worst(disturbed);
  if (!found) {
    const excessMs = observer?.medianExcessMs ?? null;
    return `observers undisturbed${excessMs === null ? '' : ` (canary ${excessText(excessMs)})`}`;
  }
  const { span, more, verb } = found;
  return `${verb} ${clockText(span.fromMs)}–${clockText(span.toMs)}${more} (${span.reason})`;
}

/** Returns why latency gates are held back, as a gate's hint. */
export function heldBackHint({ disturbed }: Pick<Validity, 'disturbed'>): string {
  const found = worst(disturbed);
  if (!found) return 'observers disturbed';
  const { span, more, verb } = found;
  return `${verb} from ${clockText(span.fromMs)} to ${clockText(span.toMs)}${more}, ${span.reason}`;
}
