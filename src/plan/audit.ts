import { z } from 'zod';
import { CodedError } from '../errors.ts';
import type { AuditPlan, Plan } from '../model/index.ts';
import { judgeable } from './api-alone.ts';

/** Stands for the bundled platform's own address, or its provider's. */
export const EMBEDDED = 'embedded';
/** Where a test account of the real provider is. */
const STRIPE = 'https://api.stripe.com';

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** True for an address that a key may be sent to: encrypted, or this machine. Credentials in it would end up in the plan. */
export function isSafeAddress(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname));
}

const place = z.string().refine((text) => text === EMBEDDED || isSafeAddress(text),
  'must be "embedded" or an https address without credentials (http for this machine only)');

/** `audit` of the journeys plugin: where the books of payments are, and what holds for them. */
export const AuditConfig = z.strictObject({
  platform: place.default(EMBEDDED),
  /** The bundled platform's own provider, or Stripe, when left out. */
  provider: place.optional(),
  settleSeconds: z.number().min(0).max(600).default(30),
  feeBasisPoints: z.number().int().min(0).max(10_000).default(300),
});
export type AuditConfig = z.infer<typeof AuditConfig>;

/** Returns the audit that a script asks for; the bundled platform is audited unless it says otherwise. */
export function buildAudit(config: AuditConfig | undefined): AuditPlan {
  const { platform, provider, settleSeconds, feeBasisPoints } = config ?? AuditConfig.parse({});
  return { platform, provider: provider ?? (platform === EMBEDDED ? EMBEDDED : STRIPE), settleMs: settleSeconds * 1_000, feeBasisPoints };
}

type Audited = Omit<Plan, 'runId' | 'target'>;

/**
 * Returns the plan as far as this target can be audited: without books to read, nobody judges integrity, and the plan says so.
 * Throws J_SCRIPT_INVALID for a provider that is not there, J_ENV_INVALID without a key for one that is.
 */
export function auditable(plan: Audited, { embedded, key, where }: { embedded: boolean; key: string | undefined; where: string }): Audited {
  const { audit, ...rest } = plan;
  if (audit === undefined) return plan;
  if (audit.platform === EMBEDDED && !embedded) return { ...rest, ...judgeable(plan, rest) };
  if (audit.provider === EMBEDDED && !embedded) {
    const message = 'is "embedded", but the target is not the bundled platform';
    throw new CodedError('J_SCRIPT_INVALID', [{ where: `${where} audit.provider`, message, hint: 'give the address of its provider' }]);
  }
  if (audit.provider !== EMBEDDED && key === undefined) {
    const message = `is needed to read the book of ${new URL(audit.provider).host}`;
    throw new CodedError('J_ENV_INVALID', [{ where: 'AUDIT_PROVIDER_KEY', message, hint: 'a test key; documentation/integrity.md' }]);
  }
  return plan;
}

/** Returns the audit with the addresses of the platform that now runs in place of `embedded`. */
export function placedAudit({ audit }: Pick<Plan, 'audit'>, own: { url: string; paymentsUrl: string | null } | null): Pick<Plan, 'audit'> {
  if (audit === undefined || own === null) return {};
  const { platform, provider } = audit;
  return {
    audit: {
      ...audit,
      platform: platform === EMBEDDED ? `${own.url}/api/v1/payments/ledger` : platform,
      provider: provider === EMBEDDED ? (own.paymentsUrl ?? provider) : provider,
    },
  };
}
