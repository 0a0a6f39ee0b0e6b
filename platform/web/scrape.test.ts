import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figure } from '../shared/figures.ts';
import type { Figure } from '../shared/figures.ts';
import { createScrape } from './scrape.ts';

const served = (value: number): Figure => figure('counter', 'served_total', 'Served.', { route: '/' }, value);
const open = (value: number): Figure => figure('gauge', 'open', 'Open.', {}, value);
const line = (text: string, name: string): string | undefined => text.split('\n').find((one) => one.startsWith(name));

test('counters of all processes add up, also of those that have ended; levels end with their process', async () => {
  const scrape = createScrape(async () => [served(1), open(1)]);
  const forget = scrape.add('web-1', async () => [served(10), open(5)]);
  const first = await scrape.text();
  assert.deepEqual([line(first, 'served_total'), line(first, 'open ')], ['served_total{route="/"} 11', 'open 6']);
  forget();
  const killed = await scrape.text();
  assert.deepEqual([line(killed, 'served_total'), line(killed, 'open ')], ['served_total{route="/"} 11', 'open 1']);
  const letGo = scrape.add('web-1', async () => [served(2), open(5)]);
  assert.equal(line(await scrape.text(), 'served_total'), 'served_total{route="/"} 13');
  letGo([served(4), open(5)]);
  assert.equal(line(await scrape.text(), 'served_total'), 'served_total{route="/"} 15');
});

test('a process that fails to answer keeps its counts, has no levels, and is said to be down', async () => {
  let fails = false;
  const scrape = createScrape(async () => [served(1)]);
  scrape.add('payments', async () => {
    if (fails) throw new Error('connection refused');
    return [served(10), open(5)];
  });
  assert.equal(line(await scrape.text(), 'exporter_up'), 'exporter_up{process="payments"} 1');
  fails = true;
  const text = await scrape.text();
  assert.equal(line(text, 'served_total'), 'served_total{route="/"} 11');
  assert.equal(line(text, 'open '), undefined);
  assert.equal(line(text, 'exporter_up'), 'exporter_up{process="payments"} 0');
});
