/** Each colour by light and by dark. Text colours keep 4.5:1 against the paper, lines 3:1 (WCAG 2.2, 1.4.3 and 1.4.11). */
export const PALETTE = {
  paper: ['#ffffff', '#15171b'],
  card: ['#f7f7f5', '#1c1f24'],
  ink: ['#1c1e22', '#e7e9ec'],
  muted: ['#5a616b', '#a3abb6'],
  rule: ['#e2e3e0', '#31353c'],
  shade: ['#70757e', '#7d838d'],
  good: ['#1b7a4a', '#5fc48d'],
  bad: ['#bf2f27', '#ff8f86'],
  open: ['#8a5f00', '#e6b450'],
  blue: ['#2b62c9', '#84adff'],
  sky: ['#5b93e6', '#4f7fd4'],
  violet: ['#7648c4', '#bd9fff'],
  teal: ['#0d7f80', '#51c6c4'],
  orange: ['#b8560f', '#f2a263'],
  pink: ['#b02f78', '#f08dc2'],
  olive: ['#65731c', '#bfcb62'],
  slate: ['#68707c', '#97a0ac'],
} as const satisfies Record<string, readonly [light: string, dark: string]>;
export type Colour = keyof typeof PALETTE;

/** Returns the colour as charts carry it until they are drawn: its light value, which no other colour has. */
export function colour(name: Colour): string {
  return PALETTE[name][0];
}

/** Returns custom properties for a style sheet. */
export function properties(scheme: 'light' | 'dark'): string {
  return Object.entries(PALETTE).map(([name, [light, dark]]) => `--${name}:${scheme === 'light' ? light : dark};`).join('');
}

/** Lines of a panel that have no meaning of their own. */
const CYCLE: readonly Colour[] = ['blue', 'orange', 'teal', 'violet', 'pink', 'olive', 'slate', 'sky'];

/** Percentiles of one thing are one family; outcomes are good or bad wherever they stand. */
const MEANT: Readonly<Record<string, Colour>> = {
  p50: 'sky', p95: 'blue', p99: 'violet',
  passed: 'good', ok: 'good', failed: 'bad', timeout: 'orange', crashed: 'pink', dropped: 'open', interrupted: 'slate',
  observer: 'blue', crowd: 'slate', closed: 'good', 'half-open': 'open', unknown: 'slate',
};

/** Returns the colours of a panel's tracks, by their ids. */
export function trackColours(ids: readonly string[]): Colour[] {
  const meant = ids.map((id) => MEANT[id]);
  const free = CYCLE.filter((name) => !meant.includes(name));
  let next = 0;
  return meant.map((name) => name ?? free[next++ % free.length] ?? 'blue');
}
