/**
 * What a Playwright locator asks for, in a form the page can follow by itself: plain JSON, made in Node
 * (collect/perceived-plan.ts) from the locator and walked in the page (find.ts) once for every frame that changed.
 */
export interface TextTest {
  /** lax: contains, any case; full: the whole text; immediate: the text of one text node run; regex */
  kind: 'lax' | 'full' | 'immediate' | 'regex';
  text: string;
  flags: string;
}

export interface CssFunction { name: string; args: (CssComplex | string)[] }
export interface CssSimple { selector: { css?: string; functions: CssFunction[] }; combinator: string }
export interface CssComplex { simples: CssSimple[] }

export interface AttributeTest { name: string; value: string | boolean; flags: string | null; exact: boolean }

export type PlanPart =
  | { k: 'css'; source: string; native: boolean; body: CssComplex[] }
  | { k: 'text'; test: TextTest; outermost: boolean }
  | { k: 'hasText'; test: TextTest; not: boolean }
  | { k: 'label'; test: TextTest }
  | { k: 'attr'; names: string[]; test: AttributeTest }
  | { k: 'role'; role: string; tests: AttributeTest[] }
  | { k: 'xpath'; expression: string }
  | { k: 'nth'; index: number }
  | { k: 'visible'; want: boolean }
  | { k: 'has'; not: boolean; parts: PlanPart[] }
  | { k: 'and' | 'or' | 'chain'; parts: PlanPart[] };

/** One step's watch, as sent to the documents. */
export interface WatchOrder { token: string; parts: PlanPart[] }

/** What one document knows of a step's start. Epoch ms by that document's own clock; null: nothing of the kind. */
export interface StepStart {
  /** the step's first trusted input */
  inputMs: number | null;
  /** when the navigation to this document began, if it did so during the step */
  navigationMs: number | null;
  /** the machine's wall clock minus the document's clock, ms (see perceived.ts) */
  skewMs: number;
}

/** What a document answers when the step is over. */
export interface WatchAnswer {
  start: StepStart;
  /** every moment (epoch ms, after the paint) at which the awaited element turned from unseen to seen */
  revealsMs: number[];
  reason: string | null;
}

/** Sent by a document that is being left during a step. */
export interface StartMessage extends StepStart { kind: 'start'; token: string }
/** The vitals of one document (`id`) so far; a later message replaces an earlier one. */
export interface VitalsMessage { kind: 'vitals'; id: string; page: string; values: Record<string, number> }
export type ProbeMessage = StartMessage | VitalsMessage;
