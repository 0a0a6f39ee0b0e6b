import type { Environment, SampledRun } from '../../model/index.ts';

const GIB = 1024 ** 3;

/** Returns what makes two runs hard to compare, as sentences: a difference may be its doing, and not the target's. */
export function caveatsOf(a: SampledRun, b: SampledRun): string[] {
  return [...aboutRuns(a, b), ...aboutLoad(a, b), ...aboutMachines(a.conditions.environment, b.conditions.environment), ...aboutGates(a, b)];
}

function aboutRuns(a: SampledRun, b: SampledRun): string[] {
  const sides = [['A', a], ['B', b]] as const;
  return [
    ...(a.run.runId === b.run.runId ? ['A and B are the same run'] : []),
    ...sides.flatMap(([name, { conditions }]) => [
      ...(conditions.ended === 'completed' ? [] : [`${name} did not complete (${conditions.ended ?? 'it never recorded its end'})`]),
      ...(conditions.unreadableLines === 0 ? [] : [`${conditions.unreadableLines} recorded lines of ${name} could not be read`]),
      ...(conditions.validity.state === 'undisturbed' ? [] : [`${name}: ${conditions.validity.summary}`]),
      ...(conditions.forced === null ? [] : [`${name} was forced beyond what its machine makes undisturbed`]),
    ]),
    ...sides.filter(([, { latencies }]) => latencies.length === 0)
      .map(([name]) => `the observations of ${name} are gone or hold no latency: only its findings are compared, by their intervals`),
    ...(a.run.decision === 'GO' ? [] : [`A itself is ${a.run.decision}`]),
  ];
}

function aboutLoad(a: SampledRun, b: SampledRun): string[] {
  const different = (what: string, inA: string, inB: string): string[] => (inA === inB ? [] : [`${what}: ${inA} in A, ${inB} in B`]);
  const [inA, inB] = [a.conditions, b.conditions];
  const target = ({ run, conditions }: SampledRun): string => (conditions.embedded ? 'the bundled platform' : run.target);
  const phases = JSON.stringify(inA.phases) !== JSON.stringify(inB.phases);
  const mix = mixOf(a) !== mixOf(b);
  const changed = phases || mix || a.run.profile !== b.run.profile;
  return [
    ...different('other target', target(a), target(b)),
    ...different('other profile', a.run.profile, b.run.profile),
    ...different('other script', inA.script, inB.script),
    ...(phases ? ['the phases of the load differ'] : []),
    ...(mix ? ['the mix of journeys differs'] : []),
    ...(!changed && inA.sourceHash !== inB.sourceHash ? ['script, profile or slo.yml changed between the two'] : []),
  ];
}

function mixOf({ conditions }: SampledRun): string {
  return JSON.stringify(conditions.journeys.map(({ name, weight }) => [name, weight]).sort());
}

function aboutMachines(a: Environment | null, b: Environment | null): string[] {
  if (a === null || b === null) return ['not known on which machine both ran'];
  const machine = ({ cpuModel, cores, memoryBytes, memoryLimitBytes }: Environment): string =>
    `${cores} cores of ${cpuModel}, ${Math.round(Math.min(memoryBytes, memoryLimitBytes ?? Infinity) / GIB)} GiB`;
  const browser = ({ browser: { name, version, source } }: Environment): string => `${name} ${version} (${source})`;
  const pairs: [string, string, string][] = [
    ['other machine', machine(a), machine(b)],
    ['other browser', browser(a), browser(b)],
    ['other Playwright', a.playwrightVersion, b.playwrightVersion],
    ['other priorities of the crowd', a.crowdPriority, b.crowdPriority],
    ['other version of the harness', a.harnessVersion, b.harnessVersion],
  ];
  return pairs.filter(([, inA, inB]) => inA !== inB).map(([what, inA, inB]) => `${what}: ${inA} in A, ${inB} in B`);
}

function aboutGates(a: SampledRun, b: SampledRun): string[] {
  const missing = (of: SampledRun, from: SampledRun): string[] => of.gates.map(({ id }) => id).filter((id) => !from.gates.some((gate) => gate.id === id));
  const names = (ids: readonly string[]): string => (ids.length > 5 ? `${ids.slice(0, 5).join(', ')} and ${ids.length - 5} more` : ids.join(', '));
  const gone = missing(a, b);
  const fresh = missing(b, a);
  const changed = b.gates.filter((gate) => a.gates.some(({ id, limit }) => id === gate.id && (limit.value !== gate.limit.value || limit.kind !== gate.limit.kind)));
  return [
    ...(gone.length === 0 ? [] : [`gates of A that B does not judge: ${names(gone)}`]),
    ...(fresh.length === 0 ? [] : [`gates of B that A did not judge: ${names(fresh)}`]),
    ...(changed.length === 0 ? [] : [`gates with another limit: ${names(changed.map(({ id }) => id))}`]),
  ];
}
