import type { Readable } from 'node:stream';
import type { CreateFixtures } from '../../drive/checks/fixtures.ts';
import type { AnyJourney } from '../../journey.ts';
import type { Drill, GuardOverride } from '../../model/index.ts';
import type { HarnessSettings } from '../../plan/settings.ts';
import type { GameDayArguments } from './arguments.ts';
import type { GameDayPlan } from './plan.ts';
import type { Answers, GameDayScript, GameDayTargets } from './script.ts';
import type { Sleep } from './team.ts';

/** What one game day is held with: asked for, read and allowed. */
export interface HoldOptions {
  asked: GameDayArguments & { targets: GameDayTargets };
  root: string;
  environment: NodeJS.ProcessEnv;
  settings: HarnessSettings;
  target: string;
  id: string;
  folder: string;
  plan: GameDayPlan;
  script: GameDayScript;
  answers: Answers | null;
  overrides: GuardOverride[];
  /** The drills of which one is held. */
  held: Drill[];
  journeys: readonly AnyJourney[];
  fixtures: CreateFixtures;
  ending: AbortController;
  input: Readable;
  say: (text: string) => void;
  width: number;
  sleep: Sleep;
}
