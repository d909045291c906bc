/**
 * Preloaded into a broker's process (node --require) to see its event loop from within: whatever comes in on descriptor 3 is
 * answered there with a line of JSON: how late timers ran since the last one, in milliseconds, and the process's memory.
 *
 * A timer of 1 ms is late by as long as the loop was held: the longest delay is the longest stall. LOOP_WATCH_MS is another
 * interval, for who measures what an idle process needs. On a busy machine a process waits for a core as well: of the gap
 * between two turns of such a timer, `maxBusyMs` is what the process has worked.
 */
const { Socket } = require('node:net');
const { monitorEventLoopDelay } = require('node:perf_hooks');

const RESOLUTION_MS = Number(process.env['LOOP_WATCH_MS'] ?? 1);
const LOOK_MS = 50;
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();

let maxBusyMs = 0;
let last = { atMs: performance.now(), ...process.cpuUsage() };
const turns = setInterval(() => {
  const now = { atMs: performance.now(), ...process.cpuUsage() };
  const workedMs = (now.user - last.user + now.system - last.system) / 1000;
  const gapMs = now.atMs - last.atMs;
  if (gapMs > 1.5 * LOOK_MS) maxBusyMs = Math.max(maxBusyMs, Math.min(gapMs, workedMs));
  last = now;
}, LOOK_MS);
turns.unref();

const channel = new Socket({ fd: 3, readable: true, writable: true });
channel.on('error', () => undefined);
channel.on('data', () => {
  const lateMs = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const seen = { p99Ms: lateMs(delays.percentile(99)), maxMs: lateMs(delays.max), maxBusyMs, rss, heapUsed, arrayBuffers };
  delays.reset();
  maxBusyMs = 0;
  channel.write(`${JSON.stringify(seen)}\n`);
});
channel.unref();
