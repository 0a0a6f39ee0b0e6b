import type { Severity } from './kinds.ts';

/** What Allure calls them. A missed limit failed; what the harness could not do is broken; what nobody can tell is skipped. */
export type Status = 'passed' | 'failed' | 'broken' | 'skipped';

export interface Parameter {
  name: string;
  value: string;
}

/** A file to attach: one of the run folder, or text made for the purpose. */
export interface Attached {
  name: string;
  contentType: string;
  /** With its dot. */
  extension: string;
  content: { path: string } | { text: string };
}

export interface Step {
  name: string;
  status: Status;
  parameters: Parameter[];
  steps: Step[];
  attachments: Attached[];
  /** From the run's start; both zero for what has no length. */
  fromMs: number;
  lengthMs: number;
}

/** A gate, or a condition of the run itself, as a test of Allure. */
export interface Test {
  /** Unique within a series of runs that can be compared: history goes by it. */
  id: string;
  name: string;
  suite: string;
  /** What the gate looks at: a journey, a route. */
  subject: string;
  metric: string | null;
  status: Status;
  /** Why it did not pass, in one sentence whose first words are its category; null for one that passed. */
  message: string | null;
  /** What the number rests on, a line each. */
  details: string | null;
  expected: string | null;
  actual: string | null;
  /** Every result in one sentence, passed or not: what history shows. */
  summary: string;
  /** Of a latency: the latency itself. Of all else: the time for which it was looked at. */
  lengthMs: number;
  severity: Severity;
  owner: string | null;
  parameters: Parameter[];
  /** HTML, escaped. */
  description: string;
  steps: Step[];
}

/** Returns a step; without length, and at the run's start, unless `parts` says otherwise. */
export function step(name: string, status: Status, parts: Partial<Omit<Step, 'name' | 'status'>> = {}): Step {
  return { name, status, parameters: [], steps: [], attachments: [], fromMs: 0, lengthMs: 0, ...parts };
}
