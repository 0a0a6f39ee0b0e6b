import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StepTools } from './steps.ts';
import { thinkTimes, withThinkTime } from './think-time.ts';

const bounds = { minMs: 20, maxMs: 60 };
const never = new AbortController().signal;

function take(seed: string): number[] {
  const next = thinkTimes(bounds, seed);
  return Array.from({ length: 200 }, () => next());
}

test('pauses lie between their bounds, fill them, and are the same with the same seed', () => {
  const pauses = take('a');
  assert.ok(pauses.every((ms) => ms >= bounds.minMs && ms <= bounds.maxMs));
  assert.ok(Math.min(...pauses) < 25 && Math.max(...pauses) > 55);
  assert.deepEqual(take('a'), pauses);
  assert.notDeepEqual(take('b'), pauses);
});

test('a pause follows each step and each agent task', async () => {
  const done: string[] = [];
  const steps: StepTools = {
    step: (name: string) => Promise.resolve(void done.push(name)),
    agentTask: () => Promise.resolve(void done.push('agent')),
  };
  const think = (): number => {
    done.push('pause');
    return 0;
  };
  const { step, agentTask } = withThinkTime(steps, think, never);
  await step('one', () => Promise.resolve());
  await agentTask({ firstProgress: 'first', completed: 'all' }, {} as Parameters<StepTools['agentTask']>[1]);
  assert.deepEqual(done, ['one', 'pause', 'agent', 'pause']);
});

test("the user's end ends the pause, and a failed step has none", async () => {
  const ending = new AbortController();
  const passes: StepTools = { step: () => Promise.resolve(), agentTask: () => Promise.resolve() };
  const stepped = withThinkTime(passes, () => 3_600_000, ending.signal).step('x', () => Promise.resolve());
  ending.abort();
  await stepped;
  const fails: StepTools = { ...passes, step: () => Promise.reject(new Error('no')) };
  const failing = withThinkTime(fails, () => assert.fail('a pause'), never);
  await assert.rejects(
    failing.step('x', () => Promise.resolve()),
    /no/,
  );
});
