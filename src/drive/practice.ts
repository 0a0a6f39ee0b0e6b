import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { defineJourney } from '../journey.ts';

export interface PracticeSite {
  url: string;
  stop(): Promise<void>;
}

const READY_LIMIT_MS = 10_000;

/** Starts the practice site in a process and session of its own, at normal priority. Throws where it cannot. */
export async function startPracticeSite(): Promise<PracticeSite> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./practice-site.ts', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  child.stdin.on('error', () => {});
  const ended = once(child, 'exit').then(
    () => {},
    () => {},
  );
  const stop = async (): Promise<void> => {
    child.stdin.end();
    child.kill('SIGKILL');
    await ended;
  };
  try {
    const lines = createInterface({ input: child.stdout });
    const [line] = (await once(lines, 'line', { signal: AbortSignal.timeout(READY_LIMIT_MS) })) as [string];
    const { port } = JSON.parse(line) as { port: number };
    return { url: `http://127.0.0.1:${port}/`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type PracticeJourney = ReturnType<typeof defineJourney<object, undefined>>;

/** Two page loads and a click, each document held back for a known time: the journey that calibration counts in. */
export function twoPages(delayMs: number): PracticeJourney {
  return defineJourney({
    name: 'two pages',
    act: async ({ page, step }) => {
      await step('first page', {
        do: () => page.goto(`/?delay=${delayMs}`),
        until: page.getByRole('heading', { name: 'Practice' }),
      });
      await step('second page', {
        do: () => page.getByRole('link', { name: 'Second page' }).click(),
        until: page.getByRole('heading', { name: 'Second page' }),
      });
    },
  });
}

/** A page, and a click whose answer the server holds back for a known time. */
export function askOnce(answerMs: number): PracticeJourney {
  return defineJourney({
    name: 'ask once',
    act: async ({ page, step }) => {
      const ask = page.getByRole('button', { name: 'Ask' });
      await step('open', { do: () => page.goto(`/?answer=${answerMs}`), until: ask });
      await step('ask', { do: () => ask.click(), until: page.getByRole('status') });
    },
  });
}
