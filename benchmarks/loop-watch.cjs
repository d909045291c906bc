/**
 * Preloaded into a broker's process (node --require) to see its event loop from within: whatever comes in on descriptor 3 is
 * answered there with a line of JSON: how late timers ran since the last one, in milliseconds, and the process's memory.
 *
 * A timer of 1 ms is late by as long as the loop was held: the longest delay is the longest stall.
 */
const { Socket } = require('node:net');
const { monitorEventLoopDelay } = require('node:perf_hooks');

const RESOLUTION_MS = 1;
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();

const channel = new Socket({ fd: 3, readable: true, writable: true });
channel.on('error', () => undefined);
channel.on('data', () => {
  const lateMs = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const seen = { p99Ms: lateMs(delays.percentile(99)), maxMs: lateMs(delays.max), rss, heapUsed, arrayBuffers };
  delays.reset();
  channel.write(`${JSON.stringify(seen)}\n`);
});
channel.unref();
