// SPDX-License-Identifier: Apache-2.0
'use strict';

// A Node process whose collector and errors the tests drive, and which keeps its own account.
//
// It takes one command per line on standard input and answers each with one line of JSON, and ends
// when standard input does. It must run with --expose-gc. Its account of collections is that of
// PerformanceObserver, which is told of one after it ended, so an answer waits for the queue to
// drain; --trace-gc is the account that the test reads from a file.

const { PerformanceObserver, constants } = require('perf_hooks');

const kinds = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'scavenge',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'mark_compact',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weak_callbacks',
};
const collections = {};
const milliseconds = {};
const raised = {};

new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const kind = kinds[entry.detail.kind];
    collections[kind] = (collections[kind] || 0) + 1;
    milliseconds[kind] = (milliseconds[kind] || 0) + entry.duration;
  }
}).observe({ entryTypes: ['gc'] });

process.on('uncaughtException', (error, origin) => {
  const key = origin === 'unhandledRejection' ? 'rejected' : 'thrown';
  raised[key] = (raised[key] || 0) + 1;
});

// A timer that was due long ago runs before what the observer is still to be told.
async function settle() {
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (let turn = 0; turn < 10; turn += 1) {
    await new Promise(setImmediate);
  }
}
const kept = [];

async function load(more) {
  const before = (collections.scavenge || 0) + (collections.mark_compact || 0);
  const done = () => (collections.scavenge || 0) + (collections.mark_compact || 0) - before;
  while (done() < more) {
    for (let i = 0; i < 20000; i += 1) {
      kept[i % 5000] = { number: i, text: `text ${i}` };
    }
    await new Promise(setImmediate);
  }
}

// Lets the old generation grow and shrink, so that V8 marks in steps.
async function grow(rounds) {
  const live = [];
  for (let round = 0; round < rounds; round += 1) {
    for (let i = 0; i < 3000; i += 1) {
      live.push({ number: i, text: `${'x'.repeat(50)}${i}`, list: new Array(20).fill(i) });
    }
    if (live.length > 300000) {
      live.splice(0, 150000);
    }
    await new Promise(setImmediate);
  }
}

async function provoke(kind, times) {
  for (let i = 0; i < times; i += 1) {
    if (kind === 'thrown') {
      setImmediate(() => { throw new TypeError('nobody catches this'); });
    } else {
      Promise.reject(new RangeError('nobody handles this'));
    }
    await new Promise(setImmediate);
  }
}

async function answer(words) {
  const number = Number(words[words.length - 1]) || 1;
  switch (words[0]) {
    case 'account':
      await settle();
      return { collections, milliseconds, raised };
    case 'load':
      await load(number);
      return {};
    case 'grow':
      await grow(number);
      return {};
    case 'force':
      for (let i = 0; i < number; i += 1) {
        global.gc({ type: words[1] });
      }
      return {};
    case 'raise':
      await provoke(words[1], number);
      await settle();
      return {};
    case 'die':
      setImmediate(() => {
        process.removeAllListeners('uncaughtException');
        throw new TypeError('this ends it');
      });
      return {};
    case 'exhaust':
      setImmediate(() => { for (;;) kept.push(new Array(1000).fill(kept.length)); });
      return {};
    default:
      return { error: `no such command: ${words[0]}` };
  }
}

console.log(JSON.stringify({ ready: true, version: process.version }));
(async () => {
  const lines = require('readline').createInterface({ input: process.stdin });
  for await (const line of lines) {
    console.log(JSON.stringify(await answer(line.trim().split(/\s+/))));
  }
  process.exit(0);
})();
