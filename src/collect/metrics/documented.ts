/** For tests: what documentation/kpis.md shows must be what the harness reads. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

interface Shown {
  kpis?: object[];
  gates?: object[];
  cost?: object;
}

/** Returns the YAML examples of documentation/kpis.md, in their order. */
export function documentedExamples(): Shown[] {
  const text = readFileSync(new URL('../../../documentation/kpis.md', import.meta.url), 'utf8');
  return [...text.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, yaml = '']) => parse(yaml) as Shown);
}
