import { createHash } from 'node:crypto';
import { CodedError } from '../../errors.ts';
import type { Drill } from '../../model/index.ts';
import { didYouMean } from '../../nearest.ts';
import { SCRIPT_FILE, type GameDayScript } from './script.ts';

/** Returns a number from 0 to 1, 1 excluded: the same for the same seed and name. */
export function share(seed: number, name: string): number {
  return createHash('sha256').update(`${seed}/${name}`).digest().readUInt32BE(0) / 2 ** 32;
}

/** Returns the drills that may be held: the one asked for, or all that may be drawn. Throws J_GAME_DAY_INVALID. */
export function candidates(drills: readonly Drill[], script: GameDayScript, asked: string | null): Drill[] {
  const known = drills.filter(({ name }) => Object.hasOwn(script.drills, name));
  const found = known.filter(({ name }) => (asked === null ? script.drills[name]?.draw : name === asked));
  if (found.length === 0) {
    const message = asked === null ? 'none of the drills may be drawn' : `says nothing of a drill "${asked}"`;
    throw new CodedError('J_GAME_DAY_INVALID', [
      {
        where: SCRIPT_FILE,
        message,
        hint: didYouMean(
          asked ?? '',
          known.map(({ name }) => name),
        ),
      },
    ]);
  }
  const passing = found.filter((drill) => !staysIn(drill));
  if (passing.length > 0) {
    throw new CodedError(
      'J_GAME_DAY_INVALID',
      passing.map(({ name }) => ({
        where: SCRIPT_FILE,
        message: `the drill "${name}" does something that nobody can undo`,
        hint: 'a game day holds what stays in until a team takes it out',
      })),
    );
  }
  return found;
}

/** Returns the drill that a seed draws. */
export function drawn(drills: readonly Drill[], seed: number): Drill {
  const drill = drills[Math.floor(share(seed, 'drill') * drills.length)];
  if (!drill) throw new Error('nothing to draw from');
  return drill;
}

/** A fault that ends by itself, or cannot be taken out, leaves a team nothing to decide. */
function staysIn({ actions }: Drill): boolean {
  return actions.every((action) => action.kind !== 'kill-worker' && !('undo' in action && action.undo === null));
}
