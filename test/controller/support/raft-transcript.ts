/** Drives a raft core and writes down what it is told and what it does, one line each. */
import { BatchView } from '../../../wire/record/batch';
import { readControlRecords } from '../../../controller/raft/control-batches';
import { ControlState } from '../../../controller/raft/control-state';
import { formatElectionState, type ElectionState, type ElectionStore } from '../../../controller/raft/quorum-state';
import { RaftCore } from '../../../controller/raft/raft-core';
import type { RaftEffect, RaftInput } from '../../../controller/raft/raft-io';
import { VoterSet, type Voter } from '../../../controller/raft/voter-set';
import { MemoryRaftLog } from './memory-raft-log';
import { crc32c, testRandom } from './test-ports';

export const DIRECTORY = 'ZGlyZWN0b3J5LW51bWJlcg';

export function voter(id: number, port = 9093): Voter {
  const endpoints = [{ name: 'CONTROLLER', host: 'localhost', port }];
  return { id, directoryId: DIRECTORY, endpoints, minKraftVersion: 0, maxKraftVersion: 1 };
}

export interface TranscriptStart {
  readonly stored?: ElectionState | null;
  readonly voters?: VoterSet | null;
  /** Offset of the voters in the log; -1: the 0-0 checkpoint. */
  readonly votersOffset?: number;
  readonly log?: MemoryRaftLog;
  readonly ownPort?: number;
}

export class RaftTranscript {
  readonly lines: string[] = [];
  readonly log: MemoryRaftLog;
  readonly control = new ControlState(null);
  readonly core: RaftCore;
  nowMs = 0;
  private effects: RaftEffect[] = [];
  private shownBatches: number;

  constructor(start: TranscriptStart = {}) {
    this.log = start.log ?? new MemoryRaftLog();
    this.shownBatches = this.log.batches.length;
    const voters = start.voters === undefined ? new VoterSet([voter(1)]) : start.voters;
    if (voters !== null) {
      this.control.kraftVersionHistory.add(start.votersOffset ?? -1, 1);
      this.control.voterHistory.add(start.votersOffset ?? -1, voters);
    }
    const electionStore: ElectionStore = {
      read: () => start.stored ?? null,
      write: (state) => this.lines.push(`  quorum-state ${formatElectionState(state)}`),
    };
    const ownEntry = voter(1, start.ownPort);
    const config = {
      self: { id: 1, directoryId: DIRECTORY },
      ownEntry,
      electionTimeoutMs: 1000,
      fetchTimeoutMs: 2000,
      appendLingerMs: 25,
    };
    const parts = {
      config,
      log: this.log,
      electionStore,
      control: this.control,
      snapshotEpoch: 0,
      random: testRandom(),
      crc32c,
    };
    this.core = new RaftCore(parts);
  }

  step(input: RaftInput): this {
    const { type, ...rest } = input;
    this.lines.push(`> ${type}${Object.keys(rest).length > 0 ? ` ${JSON.stringify(rest)}` : ''}`);
    this.core.step(input, this.now, this.effects);
    return this.show();
  }

  write(epoch: number, values: readonly string[], urgent = true): this {
    const bytes = values.map((value) => Buffer.from(value));
    const { baseOffset, lastOffset } = this.core.prepareAppend(epoch, bytes, urgent, this.now);
    this.core.schedulePreparedAppend();
    this.lines.push(`> write ${values.join(',')} -> offsets ${baseOffset}..${lastOffset}`);
    return this.show();
  }

  wait(ms: number): this {
    this.nowMs += ms;
    this.lines.push(`> ${ms} ms later`);
    return this;
  }

  flushed(endOffset: number, epoch = this.core.epoch): this {
    return this.step({ type: 'flushed', token: { epoch, endOffset } });
  }

  get text(): string {
    return this.lines.join('\n');
  }

  private get now(): { monotonicMs: number; wallMs: number } {
    return { monotonicMs: this.nowMs, wallMs: 1_700_000_000_000 + this.nowMs };
  }

  private show(): this {
    for (const batch of this.log.batches.slice(this.shownBatches))
      this.lines.push(`  append ${describeBatch(batch.bytes)}`);
    this.shownBatches = this.log.batches.length;
    for (const effect of this.effects.splice(0)) {
      if (effect.type === 'appended') continue;
      const { type, ...rest } = effect;
      this.lines.push(`  ${type} ${JSON.stringify(rest)}`);
    }
    const { roleName, epoch, leader, highWatermark } = this.core;
    this.lines.push(`  = ${roleName} epoch ${epoch} leader ${leader.leaderId} high watermark ${highWatermark}`);
    return this;
  }
}

function describeBatch(bytes: Uint8Array): string {
  const batch = new BatchView(bytes);
  const range = `${batch.baseOffset}..${batch.lastOffset} epoch ${batch.partitionLeaderEpoch}`;
  if (!batch.isControl) return `${range} data`;
  return `${range} ${readControlRecords(batch)
    .map(({ type }) => type)
    .join(' ')}`;
}

/** Leading blanks and lines gone, so that a transcript can be written indented in a test. */
export function transcript(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const indent = Math.min(...lines.map((line) => line.length - line.trimStart().length));
  return lines.map((line) => line.slice(indent)).join('\n');
}
