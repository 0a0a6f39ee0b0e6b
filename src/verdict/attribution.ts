import type { Finding, Gate, GateStatus, StepAttribution } from '../model/index.ts';

/** Less than a fifth of the limit in hand: the next to fail, and so worth a look. */
const NEAR_LIMIT = 0.8;

/** Returns the largest part of a step's time where its gate fails or comes near to it: `server 78 %: POST …/escrow/lock`. */
export function largestPart(
  gate: Gate, status: GateStatus, finding: Finding | null, attributions: readonly StepAttribution[],
): string | null {
  if (gate.metric !== 'perceived_latency' || finding?.value == null) return null;
  if (status !== 'fail' && finding.value < NEAR_LIMIT * gate.max) return null;
  const one = attributions.find(({ journey, step }) => journey === gate.journey && step === gate.step);
  if (!one) return null;
  const request = one.request === null ? '' : `: ${shortRoute(one.request)}`;
  const parts: [string, number][] = [
    [`server ${percent(one.serverShare)}${request}`, one.serverShare],
    [`network ${percent(one.networkShare)}${request}`, one.networkShare],
    [`rendering and script ${percent(one.renderShare)}`, one.renderShare],
    [`the busy generator ${percent(one.generatorShare ?? 0)}`, one.generatorShare ?? 0],
  ];
  return parts.reduce((best, part) => (part[1] > best[1] ? part : best))[0];
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** Returns a route with the last two parts of its path: what tells it from others. */
function shortRoute(name: string): string {
  const [method = '', path = ''] = name.split(' ');
  const parts = path.split('/');
  return parts.length <= 3 ? name : `${method} …/${parts.slice(-2).join('/')}`;
}
