import { join } from 'node:path';
import { createFixtures } from '../fixtures/index.ts';
import { createRouter } from '../src/collect/routes.ts';
import { FailureTraces } from '../src/drive/failure-traces.ts';
import { tagHeaders } from '../src/drive/tags.ts';
import type { UserSurroundings } from '../src/drive/virtual-user.ts';
import type { Plan } from '../src/model/index.ts';
import { createHostGuard } from '../src/plan/browser-hosts.ts';
import type { WorkerInput } from './worker-input.ts';

interface Shared extends Pick<UserSurroundings, 'pool' | 'sink' | 'now' | 'interrupted'> {
  plan: Plan;
  input: WorkerInput;
}

/** Returns what every browser user of a run shares. */
export function userSurroundings({ plan, input, pool, sink, now, interrupted }: Shared): UserSurroundings {
  const { runId, seed, settings } = plan;
  const failuresFolder = join(input.runDir, 'failures');
  return {
    runId, pool, sink, now, interrupted, failuresFolder,
    route: createRouter(plan.target.url, plan.routes),
    contextOptions: {
      baseURL: plan.target.url,
      ...(input.httpCredentials ? { httpCredentials: input.httpCredentials } : {}),
    },
    ...(input.tagHeaders ? { tags: (vu) => tagHeaders({ runId, kind: 'load' }, vu) } : {}),
    ...(plan.browserHosts ? { keptFrom: createHostGuard(plan.browserHosts) } : {}),
    stepDeadlineMs: settings.stepDeadlineMs,
    journeyDeadlineMs: settings.journeyDeadlineMs,
    thinkTime: settings.thinkTime ? { ...settings.thinkTime, seed } : null,
    traces: settings.traces ? new FailureTraces(settings.traces, failuresFolder) : null,
    fixtures: ({ vu, context }) => createFixtures({ context, vu, runId, seed }),
  };
}
