import { CodedError, type ErrorCode, type Fault } from '../../errors.ts';
import type { GuardName, GuardOverride } from '../../model/index.ts';

/** What a guard has against a run. */
export interface Refusal {
  guard: GuardName;
  code: ErrorCode;
  fault: Fault;
  /** Overridden only where the reason spells out this host. */
  host?: string;
}

/** What the settings say about overriding. */
export interface Overriding {
  guards: readonly GuardName[];
  reason: string;
}

/** Returns whether a text has a host as a word of its own: not as a part of a longer name. */
export function spellsOut(text: string, host: string): boolean {
  return text.toLowerCase().split(/[\s,;"'()<>]+/).some((word) => word.replace(/[.!?:]+$/, '') === host);
}

/**
 * Returns what was overridden, one entry a guard. Throws all other refusals at once: an error for each code, the first with
 * the others beside it.
 */
export function overridden(refusals: readonly Refusal[], { guards, reason }: Overriding): GuardOverride[] {
  const isOverridden = ({ guard, host }: Refusal): boolean =>
    guards.includes(guard) && (host === undefined || spellsOut(reason, host));
  const left = refusals.filter((one) => !isOverridden(one)).map((one): Refusal => {
    if (one.host === undefined || !guards.includes(one.guard)) return one;
    return { ...one, fault: { ...one.fault, hint: `not overridden: GUARD_REASON does not name ${one.host} itself` } };
  });
  const codes = [...new Set(left.map(({ code }) => code))];
  const faultsOf = (code: ErrorCode): Fault[] => left.filter((one) => one.code === code).map(({ fault }) => fault);
  const [first, ...also] = codes.map((code) => new CodedError(code, faultsOf(code)));
  if (first) throw also.length === 0 ? first : new CodedError(first.code, first.faults, { also });
  return [...new Set(refusals.map(({ guard }) => guard))].map((guard) => ({
    guard, reason, what: refusals.filter((one) => one.guard === guard).map(({ fault }) => fault.message).join('; '),
  }));
}
