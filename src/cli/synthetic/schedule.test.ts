import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cronSchedule, duesBetween, everySchedule } from './schedule.ts';

const iso = (epochMs: number | null): string | null => (epochMs === null ? null : new Date(epochMs).toISOString());
const utc = (text: string): number => Date.parse(text);

test('an interval falls on the same times whenever it is begun', () => {
  const schedule = everySchedule(300_000, '5m');
  assert.equal(iso(schedule.next(utc('2026-03-01T10:04:59Z'))), '2026-03-01T10:05:00.000Z');
  assert.equal(iso(schedule.next(utc('2026-03-01T10:05:00Z'))), '2026-03-01T10:10:00.000Z');
});

test('a pattern is read in its time zone, also where summer time begins', async () => {
  const schedule = await cronSchedule('0 9 * * *', 'Europe/Berlin');
  const winter = schedule.next(utc('2026-03-27T12:00:00Z'));
  assert.equal(iso(winter), '2026-03-28T08:00:00.000Z');
  const summer = schedule.next(winter ?? 0);
  assert.equal(iso(summer), '2026-03-29T07:00:00.000Z');
  assert.equal(schedule.everyMs(summer ?? 0), 23 * 3_600_000, 'the day of the change has 23 hours');
});

test('the last round of an evening speaks for no more than its time to the one before', async () => {
  const schedule = await cronSchedule('*/5 9-17 * * 1-5', 'Europe/Berlin');
  const fridayEvening = utc('2026-01-09T16:55:00Z');
  assert.equal(iso(schedule.next(fridayEvening - 1)), '2026-01-09T16:55:00.000Z');
  assert.equal(iso(schedule.next(fridayEvening)), '2026-01-12T08:00:00.000Z');
  assert.equal(schedule.everyMs(fridayEvening), 300_000);
  assert.equal(schedule.everyMs(utc('2026-01-12T08:00:00Z')), 300_000);
});

for (const [pattern, timeZone] of [['often', undefined], ['* * *', undefined], ['0 0 30 2 *', undefined], ['* * * * *', 'Mars/Olympus']] as const) {
  test(`refused: "${pattern}" ${timeZone ?? ''}`, async () => {
    await assert.rejects(cronSchedule(pattern, timeZone), { code: 'J_USAGE', exitCode: 3 });
  });
}

test('due times are told to the end of the span, and ten thousand at a time', () => {
  const schedule = everySchedule(60_000, '1m');
  assert.deepEqual(duesBetween(schedule, 0, 180_000), [60_000, 120_000, 180_000]);
  assert.equal(duesBetween(schedule, 0, 60_000 * 20_000).length, 10_000);
});
