import type { HealthObservation } from '../../model/index.ts';
import type { PanelMaker } from './latency-panels.ts';
import { MeanSlots } from './means.ts';
import { panelOf } from './slots.ts';

interface Reading {
  id: string;
  title: string;
  of: (one: HealthObservation) => number | null;
}

const MIB = 1024 ** 2;
const percent = (share: number | null): number | null => (share === null ? null : 100 * share);
const mebibytes = (bytes: number | null): number | null => (bytes === null ? null : bytes / MIB);

const CPU: readonly Reading[] = [
  { id: 'cpu', title: 'processors in use', of: (one) => percent(one.cpuShare) },
  { id: 'limit', title: 'of the CPU limit', of: (one) => percent(one.cpuOfLimitShare) },
  { id: 'pressure', title: 'waiting for a processor', of: (one) => percent(one.cpuPressureShare) },
  { id: 'steal', title: 'taken by other machines', of: (one) => percent(one.cpuStealShare) },
];
const MEMORY: readonly Reading[] = [
  { id: 'used', title: 'machine, in use', of: (one) => mebibytes(one.memoryUsedBytes) },
  { id: 'browsers', title: 'browsers', of: (one) => mebibytes(one.browserMemoryBytes) },
  { id: 'harness', title: 'harness', of: (one) => mebibytes(one.rssBytes) },
  { id: 'swap', title: 'swap, in use', of: (one) => mebibytes(one.swapUsedBytes) },
];

/** The generator's own state over time: processor and memory. Several machines are shown as their mean. */
export function createGeneratorPanels(): PanelMaker {
  const slots = new Map([...CPU, ...MEMORY].map((reading) => [reading, new MeanSlots()]));
  return {
    add(one) {
      if (one.kind !== 'health') return;
      for (const [{ of }, means] of slots) means.add(one.tMs, of(one));
    },
    panels: (grid) => [
      ...panelOf({ id: 'generator-cpu', title: 'Load generator: processor', unit: '%' },
        CPU.map((reading) => slots.get(reading)?.track(grid, reading) ?? null)),
      ...panelOf({ id: 'generator-memory', title: 'Load generator: memory', unit: 'MiB' },
        MEMORY.map((reading) => slots.get(reading)?.track(grid, reading) ?? null)),
    ],
  };
}
