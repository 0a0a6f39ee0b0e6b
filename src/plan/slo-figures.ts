import { z } from 'zod';
import type { Fault } from '../errors.ts';
import { CostRules, Kpi, KpiScrape } from '../model/index.ts';
import { didYouMean } from '../nearest.ts';
import type { YamlFile, YamlPath } from './yaml.ts';
import { isObject, shown, zodFaults } from './zod-faults.ts';

/** What gates on the target's own figures can refer to; as far as it can be read, where the file has faults. */
export interface Figures {
  /** The unit of each KPI by its id; null where the file does not say. */
  units: ReadonlyMap<string, string | null>;
  /** null: no cost section, or none that names a currency. */
  currency: string | null;
  hasCost: boolean;
}

/** As with gates, each form of a union is chosen by a key of its own, so that its faults can be told. */
const [Gauge, Rate, Ratio, Histogram] = KpiScrape.options;
const SCRAPE_OF_KEY = new Map<string, z.ZodObject>([['gauge', Gauge], ['rate', Rate], ['ratio', Ratio], ['histogram', Histogram]]);
const KpiFrame = z.strictObject({ ...Kpi.shape, scrape: z.unknown().optional() });
const Service = CostRules.shape.services.unwrap().element;
const ServiceFrame = z.strictObject({ ...Service.shape, instances: z.unknown().optional() });
const CostFrame = z.strictObject({ ...CostRules.shape, services: z.array(z.unknown()).optional() });
const InstancesKpi = z.strictObject({ kpi: z.string().min(1) });

function faultsOf(schema: z.ZodObject, file: YamlFile, raw: unknown, path: YamlPath): Fault[] {
  const parsed = schema.safeParse(raw);
  return parsed.success ? [] : zodFaults(file, parsed.error.issues, path, Object.keys(schema.shape));
}

/** Returns what gates may refer to, and every fault of the sections `kpis` and `cost`. */
export function readFigures(file: YamlFile, kpis: unknown, cost: unknown): { figures: Figures; faults: Fault[] } {
  const list: readonly unknown[] = Array.isArray(kpis) ? kpis : [];
  const units = new Map<string, string | null>();
  const places = new Map<string, number>();
  const faults = list.flatMap((raw, index) => kpiFaults(file, raw, index));
  if (kpis !== undefined && !Array.isArray(kpis)) faults.push({ where: file.where(['kpis']), message: `must be a list, not ${shown(kpis)}` });
  list.forEach((raw, index) => {
    if (!isObject(raw) || typeof raw['id'] !== 'string') return;
    const { id, unit } = raw;
    const first = places.get(id);
    if (first !== undefined) {
      faults.push({ where: file.where(['kpis', index, 'id']), message: `${shown(id)} is taken already, by the KPI at ${file.position(['kpis', first, 'id'])}` });
      return;
    }
    places.set(id, index);
    units.set(id, typeof unit === 'string' ? unit : null);
  });
  const ids = [...units.keys()];
  if (cost !== undefined) faults.push(...costFaults(file, cost, ids));
  const currency = isObject(cost) && typeof cost['currency'] === 'string' ? cost['currency'] : null;
  return { figures: { units, currency, hasCost: cost !== undefined }, faults };
}

function kpiFaults(file: YamlFile, raw: unknown, index: number): Fault[] {
  const path = ['kpis', index];
  if (!isObject(raw)) return [{ where: file.where(path), message: `must be a KPI ("id:", "title:" and so on), not ${shown(raw)}` }];
  const faults = faultsOf(KpiFrame, file, raw, path);
  const { scrape, promql } = raw;
  if (scrape === undefined && promql === undefined) faults.push({ where: file.where(path), message: 'needs "scrape" or "promql"' });
  if (scrape === undefined) return faults;
  const place = [...path, 'scrape'];
  const keys = [...SCRAPE_OF_KEY.keys()];
  const named = isObject(scrape) ? keys.filter((key) => key in scrape) : [];
  const schema = SCRAPE_OF_KEY.get(named[0] ?? '');
  if (schema === undefined || named.length > 1) {
    return [...faults, { where: file.where(place), message: `must have one of ${keys.join(', ')}, not ${shown(scrape)}` }];
  }
  return [...faults, ...faultsOf(schema, file, scrape, place)];
}

function costFaults(file: YamlFile, cost: unknown, ids: readonly string[]): Fault[] {
  const faults = faultsOf(CostFrame, file, cost, ['cost']);
  const services: readonly unknown[] = isObject(cost) && Array.isArray(cost['services']) ? cost['services'] : [];
  const names = new Set<unknown>();
  services.forEach((raw, index) => {
    const path = ['cost', 'services', index];
    faults.push(...faultsOf(ServiceFrame, file, raw, path));
    if (!isObject(raw)) return;
    const { service, instances, rate_kpi: rate } = raw;
    if (typeof service === 'string' && names.has(service)) faults.push({ where: file.where([...path, 'service']), message: `${shown(service)} stands twice` });
    names.add(service);
    const refer = (name: unknown, place: YamlPath): void => {
      if (typeof name === 'string' && !ids.includes(name)) faults.push(unknownKpi(file, name, place, ids));
    };
    refer(rate, [...path, 'rate_kpi']);
    const place = [...path, 'instances'];
    if (isObject(instances)) {
      faults.push(...faultsOf(InstancesKpi, file, instances, place));
      refer(instances['kpi'], [...place, 'kpi']);
    } else if (instances !== undefined && !(typeof instances === 'number' && instances >= 0 && Number.isFinite(instances))) {
      faults.push({ where: file.where(place), message: `must be a number of 0 or more, or { kpi: … }, not ${shown(instances)}` });
    }
  });
  return faults;
}

function unknownKpi(file: YamlFile, name: string, place: YamlPath, ids: readonly string[]): Fault {
  const hint = ids.length === 0 ? 'the file has no "kpis"' : didYouMean(name, ids);
  return { where: file.where(place), message: `no KPI has the id ${shown(name)}`, hint };
}

/** Returns the unit that a raw gate must have because of what it refers to; null where that says none. */
export function unitOf(gate: Record<string, unknown>, { units, currency }: Figures): string | null {
  const { metric, kpi } = gate;
  if (metric === 'cost') return currency;
  return (metric === 'kpi' || metric === 'kpi_growth') && typeof kpi === 'string' ? (units.get(kpi) ?? null) : null;
}

/** Returns the faults of a raw gate on a KPI or on the cost: what it names is not there, or has another unit. */
export function figureFaults(file: YamlFile, gate: Record<string, unknown>, index: number, figures: Figures): Fault[] {
  const { metric, kpi, unit } = gate;
  const faults: Fault[] = [];
  if ((metric === 'kpi' || metric === 'kpi_growth') && typeof kpi === 'string' && !figures.units.has(kpi)) {
    faults.push(unknownKpi(file, kpi, ['gates', index, 'kpi'], [...figures.units.keys()]));
  }
  if (metric === 'cost' && !figures.hasCost) {
    faults.push({ where: file.where(['gates', index, 'metric']), message: 'the file has no section "cost"', hint: 'it gives the rates that costs are worked out from' });
  }
  const right = unitOf(gate, figures);
  if (right !== null && typeof unit === 'string' && unit !== right) {
    const why = metric === 'cost' ? "the cost section's currency" : "the KPI's unit";
    faults.push({ where: file.where(['gates', index, 'unit']), message: `must be ${shown(right)}, not ${shown(unit)}`, hint: why });
  }
  return faults;
}
