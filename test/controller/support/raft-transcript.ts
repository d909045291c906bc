/** Drives a raft core and writes down what it is told and what it does, one line each. */
import { errorName } from '../../../wire/base/error-codes';
import { BatchView } from '../../../wire/record/batch';
import { readControlRecords } from '../../../controller/raft/control-batches';
import { ControlState } from '../../../controller/raft/control-state';
import { formatElectionState, type ElectionState, type ElectionStore } from '../../../controller/raft/quorum-state';
import type { RaftConfig } from '../../../controller/raft/raft-config';
import { RaftCore } from '../../../controller/raft/raft-core';
import type { RaftEffect, RaftInput } from '../../../controller/raft/raft-io';
import type { LeaderView, RaftAnswer, RaftRequest, SendFailure, VersionsAnswer } from '../../../controller/raft/raft-messages';
import { VoterSet, type Voter, type VoterEndpoint } from '../../../controller/raft/voter-set';
import { MemoryRaftLog } from './memory-raft-log';
import { MemorySnapshots } from './memory-snapshots';
import { RAFT_TIMES } from './raft-defaults';
import { crc32c, testRandom } from './test-ports';

export const DIRECTORY = 'ZGlyZWN0b3J5LW51bWJlcg';

export function voter(id: number, port = 9093): Voter {
  const endpoints = [{ name: 'CONTROLLER', host: 'localhost', port }];
  return { id, directoryId: DIRECTORY, endpoints, minKraftVersion: 0, maxKraftVersion: 1 };
}

/** Voters of a quorum of several: each at an address of its own. */
export function votersOf(...ids: readonly number[]): VoterSet {
  return new VoterSet(ids.map((id) => ({ ...voter(id), endpoints: endpointsOf(id) })));
}

export function endpointsOf(id: number): VoterEndpoint[] {
  return [{ name: 'CONTROLLER', host: `node${id}`, port: 9093 }];
}

export function key(id: number): { id: number; directoryId: string } {
  return { id, directoryId: DIRECTORY };
}

export interface TranscriptStart {
  readonly stored?: ElectionState | null;
  readonly voters?: VoterSet | null;
  /** From the configuration, with kraft.version 0; then the log holds none. */
  readonly staticVoters?: VoterSet;
  /** Offset of the voters in the log; -1: the 0-0 checkpoint. */
  readonly votersOffset?: number;
  readonly log?: MemoryRaftLog;
  readonly snapshots?: MemorySnapshots;
  readonly ownPort?: number;
  readonly config?: Partial<RaftConfig>;
}

export class RaftTranscript {
  readonly lines: string[] = [];
  readonly log: MemoryRaftLog;
  readonly snapshots: MemorySnapshots;
  readonly control: ControlState;
  readonly core: RaftCore;
  nowMs = 0;
  private effects: RaftEffect[] = [];
  private shownBatches: number;
  private callers = 0;
  /** The last request to each peer, by its id. */
  private readonly asked = new Map<number, { readonly requestId: number; readonly request: RaftRequest }>();

  constructor(start: TranscriptStart = {}) {
    this.control = new ControlState(start.staticVoters ?? null);
    this.log = start.log ?? new MemoryRaftLog();
    this.snapshots = start.snapshots ?? new MemorySnapshots();
    this.shownBatches = this.log.batches.length;
    const voters = start.staticVoters !== undefined ? null : start.voters === undefined ? new VoterSet([voter(1)]) : start.voters;
    if (voters !== null) {
      this.control.kraftVersionHistory.add(start.votersOffset ?? -1, 1);
      this.control.voterHistory.add(start.votersOffset ?? -1, voters);
    }
    const electionStore: ElectionStore = {
      read: () => start.stored ?? null,
      write: (state) => this.lines.push(`  quorum-state ${formatElectionState(state)}`),
    };
    const own = voters?.find(1);
    const ownEntry = start.ownPort === undefined && own !== undefined && voters !== null && voters.size > 1 ? own : voter(1, start.ownPort);
    const config = { ...RAFT_TIMES, self: key(1), ownEntry, ...start.config };
    const parts = {
      config,
      log: this.log,
      snapshots: this.snapshots,
      electionStore,
      control: this.control,
      snapshotEpoch: this.snapshots.latest?.epoch ?? 0,
      random: testRandom(),
      crc32c,
    };
    this.core = new RaftCore(parts);
  }

  step(input: RaftInput): this {
    const { type, ...rest } = input;
    this.lines.push(`> ${type}${Object.keys(rest).length > 0 ? ` ${JSON.stringify(rest)}` : ''}`);
    return this.run(input);
  }

  /** A peer asks. */
  asks(peer: number, request: RaftRequest): this {
    this.lines.push(`> ${peer} asks: ${describeRequest(request)}`);
    return this.run({ type: 'request', caller: ++this.callers, request });
  }

  /** A peer answers what it was asked last; `given` is what differs from an answer that says nothing. */
  answers(peer: number, given: GivenAnswer = {}): this {
    const { requestId, request } = this.lastTo(peer);
    const asked = 'epoch' in request ? request.epoch : this.core.epoch;
    const { leaderId = -1, epoch = asked, endpoints, ...rest } = given;
    const leader: LeaderView = { leaderId, epoch, endpoints: endpoints ?? (leaderId > 0 ? endpointsOf(leaderId) : []) };
    const isLeaderless = request.api === 'addVoter' || request.api === 'removeVoter' || request.api === 'versions';
    const answer = { ...SILENCE[request.api], ...rest, ...(isLeaderless ? {} : { leader }) } as RaftAnswer;
    this.lines.push(`> ${peer} answers ${describeAnswer(answer)}`);
    return this.run({ type: 'answer', requestId, answer });
  }

  /** The controller raises kraft.version. */
  raises(level: number, validateOnly = false): this {
    const refusal = this.core.raiseKraftVersion(level, validateOnly, this.now, this.effects);
    this.lines.push(`> kraft.version ${level}${validateOnly ? ', only looked at' : ''}: ${refusal ?? 'raised'}`);
    return this.show();
  }

  /** A peer does not answer. */
  fails(peer: number, why: SendFailure = 'refused'): this {
    const { requestId } = this.lastTo(peer);
    this.lines.push(`> ${peer} does not answer: ${why}`);
    return this.run({ type: 'unanswered', requestId, why });
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

  /** Forgets what has been said so far: the test is about what follows. */
  fresh(): this {
    this.lines.length = 0;
    return this;
  }

  get text(): string {
    return this.lines.join('\n');
  }

  private lastTo(peer: number): { readonly requestId: number; readonly request: RaftRequest } {
    const last = this.asked.get(peer);
    if (last === undefined) throw new Error(`node ${peer} was asked nothing`);
    return last;
  }

  private get now(): { monotonicMs: number; wallMs: number } {
    return { monotonicMs: this.nowMs, wallMs: 1_700_000_000_000 + this.nowMs };
  }

  private run(input: RaftInput): this {
    this.core.step(input, this.now, this.effects);
    return this.show();
  }

  private show(): this {
    this.shownBatches = Math.min(this.shownBatches, this.log.batches.length);
    for (const effect of this.effects) if (effect.type === 'truncated') this.shownBatches = this.log.batches.length;
    for (const batch of this.log.batches.slice(this.shownBatches))
      this.lines.push(`  append ${describeBatch(batch.bytes)}`);
    this.shownBatches = this.log.batches.length;
    for (const effect of this.effects.splice(0)) this.showEffect(effect);
    const { roleName, epoch, leader, highWatermark } = this.core;
    this.lines.push(`  = ${roleName} epoch ${epoch} leader ${leader.leaderId} high watermark ${highWatermark}`);
    return this;
  }

  private showEffect(effect: RaftEffect): void {
    const { type, ...rest } = effect;
    switch (effect.type) {
      case 'appended':
        return;
      case 'send':
        this.asked.set(effect.to.id, effect);
        this.lines.push(`  ask ${effect.to.id}: ${describeRequest(effect.request)}`);
        return;
      case 'respond':
        this.lines.push(`  answer ${describeAnswer(effect.answer)}`);
        return;
      case 'freezeSnapshot':
        this.lines.push(`  freeze ${effect.download.sizeBytes} bytes of snapshot ${effect.download.id.offset}-${effect.download.id.epoch}`);
        effect.download.freeze(() => undefined);
        return;
      default:
        this.lines.push(`  ${type} ${JSON.stringify(rest)}`);
    }
  }
}

type GivenAnswer = {
  readonly leaderId?: number;
  readonly epoch?: number;
  readonly endpoints?: readonly VoterEndpoint[];
  readonly errorCode?: number;
  readonly message?: string | null;
} & Partial<Omit<VersionsAnswer, 'api'>> &
  Partial<Omit<Extract<RaftAnswer, { api: 'vote' }>, 'api' | 'leader'>> &
  Partial<Omit<Extract<RaftAnswer, { api: 'fetch' }>, 'api' | 'leader'>> &
  Partial<Omit<Extract<RaftAnswer, { api: 'fetchSnapshot' }>, 'api' | 'leader'>>;

const NOTHING = new Uint8Array(0);
const SILENCE: { readonly [A in RaftAnswer['api']]: Omit<Extract<RaftAnswer, { api: A }>, 'leader'> } = {
  vote: { api: 'vote', errorCode: 0, granted: false },
  beginQuorumEpoch: { api: 'beginQuorumEpoch', errorCode: 0 },
  endQuorumEpoch: { api: 'endQuorumEpoch', errorCode: 0 },
  fetch: { api: 'fetch', errorCode: 0, highWatermark: -1, logStartOffset: 0, diverging: null, snapshotId: null, records: NOTHING },
  fetchSnapshot: { api: 'fetchSnapshot', errorCode: 0, snapshotId: null, sizeBytes: 0, position: 0, bytes: NOTHING },
  updateVoter: { api: 'updateVoter', errorCode: 0 },
  addVoter: { api: 'addVoter', errorCode: 0, message: null },
  removeVoter: { api: 'removeVoter', errorCode: 0, message: null },
  versions: { api: 'versions', errorCode: 0, minKraftVersion: 0, maxKraftVersion: 1 },
};

function describeRequest(request: RaftRequest): string {
  switch (request.api) {
    case 'vote':
      return `${request.preVote ? 'pre-vote' : 'vote'} for ${request.candidate.id} in epoch ${request.epoch}, log ${request.last.offset}@${request.last.epoch}`;
    case 'beginQuorumEpoch':
      return `beginQuorumEpoch ${request.epoch}, leader ${request.leaderId}`;
    case 'endQuorumEpoch':
      return `endQuorumEpoch ${request.epoch}, leader ${request.leaderId}, successors ${request.preferred.map(({ id }) => id).join(',') || 'none'}`;
    case 'fetch':
      return `fetch in epoch ${request.epoch} from ${request.offset}@${request.lastFetchedEpoch}, high watermark ${request.highWatermark}`;
    case 'fetchSnapshot':
      return `fetchSnapshot in epoch ${request.epoch} of ${request.snapshotId.offset}-${request.snapshotId.epoch} from ${request.position}`;
    case 'updateVoter':
      return `updateVoter ${request.voter.id} in epoch ${request.epoch}`;
    case 'addVoter':
      return `addVoter ${request.voter.id}${request.ackWhenCommitted ? '' : ', answer when appended'}`;
    case 'removeVoter':
      return `removeVoter ${request.voter.id}`;
    case 'versions':
      return 'versions';
  }
}

function describeAnswer(answer: RaftAnswer): string {
  if (!('leader' in answer)) {
    const message = 'message' in answer ? answer.message : null;
    return `${answer.api}: ${errorName(answer.errorCode)}${message === null ? '' : `, ${message}`}`;
  }
  const { leaderId, epoch } = answer.leader;
  const who = `epoch ${epoch} leader ${leaderId}`;
  if (answer.errorCode !== 0) return `${answer.api}: ${errorName(answer.errorCode)}, ${who}`;
  return `${answer.api}: ${contentOf(answer)}${who}`;
}

function contentOf(answer: RaftAnswer): string {
  switch (answer.api) {
    case 'vote':
      return answer.granted ? 'granted, ' : 'refused, ';
    case 'fetch': {
      if (answer.diverging !== null) return `diverging at ${answer.diverging.offset}@${answer.diverging.epoch}, `;
      if (answer.snapshotId !== null) return `snapshot ${answer.snapshotId.offset}-${answer.snapshotId.epoch}, `;
      return `${describeBatches(answer.records)}, high watermark ${answer.highWatermark}, `;
    }
    case 'fetchSnapshot':
      return `${answer.bytes.length} of ${answer.sizeBytes} bytes at ${answer.position}, `;
    default:
      return '';
  }
}

function describeBatches(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'nothing';
  const batch = new BatchView(bytes);
  const parts: string[] = [];
  do parts.push(describeBatch(batch.bytes));
  while (batch.next());
  return parts.join(' and ');
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
