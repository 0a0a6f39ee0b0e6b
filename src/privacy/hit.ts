import type { PrivateKind } from '../model/index.ts';

/** Where something private stands in a text: from its first character to behind its last. */
export interface Hit {
  kind: PrivateKind;
  from: number;
  to: number;
}

/** Finds one kind of private thing. */
export interface Detector {
  /**
   * Source of a pattern, taken without regard to case, that matches in every text in which `find` could find something, and in few others: most lines are
   * let through by it alone.
   */
  hint: string;
  find: (text: string) => Hit[];
}
