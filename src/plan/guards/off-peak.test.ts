import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoadWindowSetting, OffPeakConfig, offPeakRefusals, windowWords, type LoadWindow } from './off-peak.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const at = (iso: string): number => Date.parse(iso);
const berlin = (days: string, from: string, to: string): LoadWindow[] => OffPeakConfig.parse({ days, from, to, timeZone: 'Europe/Berlin' });
const refused = (windows: LoadWindow[], start: string, minutes = 10) =>
  offPeakRefusals('LOAD_WINDOW', windows, { startEpochMs: at(start), lengthMs: minutes * MINUTE_MS })[0]?.fault;

const NIGHTS = berlin('mon-fri', '22:00', '06:00');
// In January Berlin is an hour ahead of UTC. 2026-01-05 is a Monday.
const CASES: [start: string, minutes: number, isOpen: boolean, why: string][] = [
  ['2026-01-05T20:59:59Z', 1, false, 'a second before it opens'],
  ['2026-01-05T21:00:00Z', 10, true, 'when it opens'],
  ['2026-01-05T23:30:00Z', 10, true, 'past midnight'],
  ['2026-01-06T04:50:00Z', 10, true, 'until the moment it closes'],
  ['2026-01-06T04:50:00Z', 11, false, 'a minute past its end'],
  ['2026-01-06T05:00:00Z', 1, false, 'when it closes'],
  ['2026-01-10T04:00:00Z', 10, true, 'on Saturday morning, which is the night of Friday'],
  ['2026-01-10T21:30:00Z', 10, false, 'on Saturday night'],
  ['2026-01-05T03:00:00Z', 10, false, 'on Monday morning, which is the night of Sunday'],
  ['2026-01-05T21:00:00Z', 8 * 60, true, 'the whole night'],
  ['2026-01-05T21:00:00Z', 24 * 60, false, 'from one night into the next'],
];
for (const [start, minutes, isOpen, why] of CASES) {
  test(`a night window is ${isOpen ? 'open' : 'closed'} ${why}`, () => assert.equal(refused(NIGHTS, start, minutes) === undefined, isOpen));
}

test('where summer time begins and ends, a window is as long as the clock on the wall says', () => {
  const early = berlin('mon-sun', '01:00', '03:00');
  // 29 March: after 01:59 comes 03:00. 25 October: after 02:59 comes 02:00 once more.
  assert.equal(refused(early, '2026-03-29T00:00:00Z', 60), undefined);
  assert.ok(refused(early, '2026-03-29T00:00:00Z', 61));
  assert.equal(refused(early, '2026-10-24T23:00:00Z', 180), undefined);
  assert.ok(refused(early, '2026-10-24T23:00:00Z', 181));
  // An hour that does not exist opens nothing: the next one that does is meant.
  assert.match(refused(berlin('mon-sun', '02:10', '02:50'), '2026-03-28T12:00:00Z')?.hint ?? '', /Mon,? 30 Mar.* 02:10/);
});

test('each window has its own time zone, of whole hours or not', () => {
  const kolkata = OffPeakConfig.parse([{ from: '00:00', to: '06:00', timeZone: 'Asia/Kolkata' }]);
  assert.equal(refused(kolkata, '2026-01-05T18:30:00Z', 360), undefined);
  assert.ok(refused(kolkata, '2026-01-05T18:29:00Z'));
  assert.equal(refused([...kolkata, ...NIGHTS], '2026-01-05T21:00:00Z', 8 * 60), undefined);
});

test('a refusal says when it is, when the windows are, and when the run could begin', () => {
  const now = refused(NIGHTS, '2026-01-05T11:00:00Z');
  assert.match(now?.message ?? '', /^load may be made mon,tue,wed,thu,fri 22:00-06:00 Europe\/Berlin; it is Mon,? 5 Jan.* 12:00/);
  assert.match(now?.hint ?? '', /a run of this length may begin Mon,? 5 Jan.* 22:00/);
  const late = refused(NIGHTS, '2026-01-06T04:30:00Z', 60);
  assert.match(late?.message ?? '', /the run would go on until Tue,? 6 Jan.* 06:30.*, and the window closes Tue,? 6 Jan.* 06:00/);
  assert.match(late?.hint ?? '', /Tue,? 6 Jan.* 22:00/);
});

test('a long run fits where windows meet, and is told where none is as long', () => {
  const weekend = LoadWindowSetting.parse('fri 18:00-24:00; sat,sun 00:00-24:00; mon 00:00-06:00 Europe/Berlin');
  assert.equal(refused(weekend, '2026-01-09T17:00:00Z', 60 * 60), undefined);
  assert.match(refused(weekend, '2026-01-07T12:00:00Z', 59 * 60)?.hint ?? '', /Fri,? 9 Jan.* 18:00/);
  assert.equal(refused(weekend, '2026-01-09T17:00:00Z', 72 * 60)?.hint, 'no window is as long as the run');
  assert.equal(refused(weekend, '2026-01-09T17:00:00Z', 20 * 24 * 60)?.hint, 'no window is as long as the run');
  const always = LoadWindowSetting.parse('00:00-24:00 UTC');
  assert.deepEqual(offPeakRefusals('', always, { startEpochMs: at('2026-01-09T17:00:00Z'), lengthMs: 72 * HOUR_MS }), []);
  assert.deepEqual(offPeakRefusals('', [], { startEpochMs: 0, lengthMs: HOUR_MS }), []);
});

test('windows are read as people write them', () => {
  const written: [text: string, words: string[]][] = [
    ['mon-fri 22:00-06:00 Europe/Berlin', ['mon,tue,wed,thu,fri 22:00-06:00 Europe/Berlin']],
    ['Monday - Wednesday 1:00-2:00 UTC', ['mon,tue,wed 01:00-02:00 UTC']],
    ['fri-mon 00:00-24:00 UTC', ['fri,sat,sun,mon 00:00-24:00 UTC']],
    ['22:00 - 06:00 America/New_York', ['daily 22:00-06:00 America/New_York']],
    ['mon,mon 01:00-02:00; sat, sun 03:00-04:00 UTC', ['mon 01:00-02:00 UTC', 'sat,sun 03:00-04:00 UTC']],
  ];
  for (const [text, words] of written) assert.deepEqual(LoadWindowSetting.parse(text).map(windowWords), words);
  for (const wrong of ['', '22:00-06:00', 'mon-fri Europe/Berlin', 'mon-fri 22:00-06:00 Europe/Bern', '22-6 UTC', '25:00-26:00 UTC', '10:60-11:00 UTC',
    '10:00-10:00 UTC', 'mo-fr 10:00-11:00 UTC', 'mon-tue-wed 10:00-11:00 UTC', '10:00-11:00; UTC', '24:01-23:00 UTC', 'mon-fri 22:00-06:00 Europe/Berlin #']) {
    assert.match(LoadWindowSetting.safeParse(wrong).error?.issues[0]?.message ?? 'taken', /^windows and their time zone/, wrong);
  }
});

test('a script may leave out quotes, as its reader turns 22:00 into minutes; what is no time is refused, each at its place', () => {
  assert.deepEqual(OffPeakConfig.parse({ days: ['sat', 'sun'], from: 1320, to: 360, timeZone: 'UTC' }).map(windowWords), ['sat,sun 22:00-06:00 UTC']);
  const faults = (given: unknown): string[] => (OffPeakConfig.safeParse(given).error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
  assert.deepEqual(faults({ from: 22, to: '6', timeZone: 'Mars' }), [
    '0.from: a time of day such as "22:00", in quotes', '0.to: a time of day such as "22:00", from "00:00" to "24:00"', '0.timeZone: a time zone such as Europe/Berlin or UTC',
  ]);
  assert.deepEqual(faults([{ from: '22:00', to: '06:00' }]), ['0.timeZone: is needed: a time zone such as Europe/Berlin']);
  assert.deepEqual(faults({ days: 'weekdays', from: '1:00', to: '1:00', timeZone: 'UTC' }), ['0.days: days such as mon-fri or [sat, sun]']);
  assert.match(faults({ from: '01:00', to: '1:00', timeZone: 'UTC' })[0] ?? '', /opens and closes at the same time/);
  for (const wrong of [null, [], 'nights', [null], { from: '1:00', to: '2:00', timeZone: 'UTC', zone: 'UTC' }]) assert.ok(faults(wrong).length > 0, JSON.stringify(wrong));
});
