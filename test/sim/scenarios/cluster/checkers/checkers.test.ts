import { MetadataImage } from '../../../../../controller/metadata/image';
import { imageRecords } from '../../../../../controller/metadata/image-records';
import type { PartitionRegistration } from '../../../../../controller/metadata/partition-registration';
import type { MetadataRecord } from '../../../../../controller/metadata/records';
import { encodeMetadataRecord, metadataRecord } from '../../../../../controller/metadata/records';
import { encodeSnapshotFooter, encodeSnapshotHeader } from '../../../../../controller/raft/control-batches';
import { encodeBatch } from '../../../../../wire/record/records';
import { changeOf, ORDERS, partitionOf, registerRecord, sampleRecords } from '../../../../controller/support/metadata-samples';
import { createCrc32c } from '../../../crc32c';
import type { DiskBatch } from '../disk-batches';
import { committedEnd, missingFrom } from './committed-end';
import { memberObjection, membersOf } from './isr-members';
import { advanceObjection, beliefObjection } from './leader-belief';
import type { LeaderBelief } from './leader-belief';
import { LeaderChecker } from './leaders';
import { mismatch } from './log-matching';
import { forgotten, objectionTo, stepsOf } from './partition-history';
import { unsettled } from './settled';
import { linesOf, snapshotObjection } from './snapshot-replay';
import { VoteChecker } from './votes';

const crc32c = createCrc32c();

const batch = (baseOffset: number, epoch: number, crc = 1): DiskBatch => ({ baseOffset, endOffset: baseOffset + 1, epoch, crc, isControl: false, bytes: new Uint8Array(0) });

const registration = (change: Partial<PartitionRegistration> = {}): PartitionRegistration => ({
  replicas: [1, 2, 3],
  directories: [],
  isr: [1, 2, 3],
  removingReplicas: [],
  addingReplicas: [],
  elr: [],
  lastKnownElr: [],
  leader: 1,
  leaderRecoveryState: 0,
  leaderEpoch: 4,
  partitionEpoch: 7,
  ...change,
});

/** Brokers 1 to 3 are registered, those in `fenced` fenced. */
function brokers(fenced: readonly number[] = []): MetadataImage {
  const image = new MetadataImage();
  for (const id of [1, 2, 3]) {
    image.replay(registerRecord(id, id * 10), null);
    if (!fenced.includes(id)) image.replay(metadataRecord('UnfenceBrokerRecord', 0, { id, epoch: id * 10 }), null);
  }
  return image;
}

function collected(): { readonly violate: (what: string) => void; readonly said: string[] } {
  const said: string[] = [];
  return { violate: (what) => said.push(what), said };
}

describe('what of the metadata log is committed (I15)', () => {
  test('two of three voters hold an entry of the newest epoch', () => {
    const logs = [[batch(0, 1), batch(1, 2), batch(2, 2)], [batch(0, 1), batch(1, 2)], [batch(0, 1)]];
    expect(committedEnd(logs.map((batches, at) => ({ nodeId: at + 1, batches })), 2)).toBe(2);
  });

  test('a majority that holds an older epoch alone proves nothing', () => {
    const logs = [[batch(0, 1), batch(1, 2)], [batch(0, 1), batch(1, 2)], [batch(0, 1), batch(1, 3)]];
    expect(committedEnd(logs.map((batches, at) => ({ nodeId: at + 1, batches })), 2)).toBe(-1);
    expect(committedEnd([], 2)).toBe(-1);
  });

  test('a leader that lacks it, or has something else there, is found; what a snapshot replaced is not missed', () => {
    const committed = [batch(0, 1), batch(1, 2)];
    expect(missingFrom({ nodeId: 1, batches: committed }, committed, 0)).toBeNull();
    expect(missingFrom({ nodeId: 1, batches: [batch(0, 1)] }, committed, 0)).toMatch(/I15 .* lacks what is committed at 1/);
    expect(missingFrom({ nodeId: 1, batches: [batch(0, 1), batch(1, 1, 9)] }, committed, 0)).toMatch(/has at 1 a batch of epoch 1/);
    expect(missingFrom({ nodeId: 1, batches: [] }, committed, 2)).toBeNull();
    expect(missingFrom({ nodeId: 1, batches: [batch(1, 2)] }, committed, 1)).toBeNull();
  });
});

describe('what the metadata may say of partitions', () => {
  const objection = (before: PartitionRegistration | null, after: PartitionRegistration, fenced: readonly number[] = []): string | null =>
    objectionTo({ key: 'orders-0', before, after }, brokers(fenced));

  test('the leader is in the ISR, and the ISR among the replicas (I10, I11)', () => {
    expect(objection(null, registration())).toBeNull();
    expect(objection(null, registration({ leader: -1 }))).toBeNull();
    expect(objection(null, registration({ isr: [2, 3] }))).toMatch(/I11 1 leads orders-0/);
    expect(objection(null, registration({ isr: [1, 4] }))).toMatch(/I10 .* 4, which hold no replica/);
  });

  test('whoever joins is unfenced, and so is whoever is elected (I10)', () => {
    const before = registration({ isr: [1, 2] });
    const joined = registration({ partitionEpoch: 8 });
    expect(objection(before, joined)).toBeNull();
    expect(objection(before, joined, [3])).toMatch(/I10 broker 3 joins/);
    const elected = registration({ isr: [2], leader: 2, leaderEpoch: 5, partitionEpoch: 8 });
    expect(objection(before, elected, [1])).toBeNull();
    expect(objection(before, elected, [2])).toMatch(/I10 broker 2 becomes leader/);
  });

  test('epochs ascend, and another leader has another epoch (I6, I12, I14)', () => {
    const before = registration();
    expect(objection(before, registration({ partitionEpoch: 9 }))).toMatch(/I12/);
    expect(objection(before, registration({ partitionEpoch: 8, leaderEpoch: 3 }))).toMatch(/I14/);
    expect(objection(before, registration({ partitionEpoch: 8, leader: 2 }))).toMatch(/I6 orders-0 has leaders 1 and 2/);
  });

  test('nobody is elected who was neither in sync nor eligible (I11)', () => {
    const before = registration({ isr: [1], elr: [2], leader: 1 });
    const elected = (leader: number): PartitionRegistration => registration({ isr: [leader], leader, leaderEpoch: 5, partitionEpoch: 8 });
    expect(objection(before, elected(2))).toBeNull();
    expect(objection(before, elected(3))).toMatch(/I11 orders-0 elects 3/);
    expect(objection(registration({ isr: [], leader: -1, lastKnownElr: [3] }), elected(3))).toBeNull();
  });

  test('who leaves an ISR that is too small stays eligible (KIP-966)', () => {
    const before = registration({ isr: [1, 2] });
    expect(forgotten({ key: '', before, after: registration({ isr: [1], elr: [2] }) }, 2)).toEqual([]);
    expect(forgotten({ key: '', before, after: registration({ isr: [1] }) }, 2)).toEqual([2]);
    expect(forgotten({ key: '', before: registration(), after: registration({ isr: [1, 3] }) }, 2)).toEqual([]);
  });

  test('says what happened', () => {
    const steps = (before: PartitionRegistration, after: PartitionRegistration): readonly string[] => stepsOf({ key: '', before, after });
    expect(steps(registration(), registration({ isr: [2, 3], leader: 2 }))).toEqual(['election', 'isr shrink']);
    expect(steps(registration({ isr: [1, 2] }), registration())).toEqual(['isr expand']);
    expect(steps(registration({ isr: [1] }), registration({ isr: [], elr: [1], leader: -1 }))).toEqual(['leader lost', 'isr shrink', 'elr']);
    expect(steps(registration({ isr: [], leader: -1, lastKnownElr: [2] }), registration({ isr: [2], leader: 2 }))).toContain('last known leader elected');
  });
});

describe('votes (I13, I14)', () => {
  const member = { nodeId: 1, directoryId: 'a' };
  const state = (epoch: number, votedFor: number | null, leaderId = -1) => ({ epoch, leaderId, votedKey: votedFor === null ? null : { id: votedFor, directoryId: 'x' } });

  test('are given once in an epoch', () => {
    const { violate, said } = collected();
    const votes = new VoteChecker(violate);
    votes.sawState(member, state(3, 2));
    votes.sawState(member, state(3, 2, 2));
    votes.sawState({ nodeId: 1, directoryId: 'b' }, state(3, 3));
    expect(said).toEqual([]);
    votes.voted(member, 3, 3);
    expect(said[0]).toMatch(/I13 node 1 voted for 2 and for 3 in epoch 3/);
  });

  test('are on the platter before they are told', () => {
    const { violate, said } = collected();
    const votes = new VoteChecker(violate);
    votes.toldVote(member, 4, 2, state(4, 2));
    votes.toldVote(member, 3, 2, state(4, 2));
    expect(said).toEqual([]);
    votes.toldVote(member, 5, 2, state(4, 2));
    expect(said).toHaveLength(1);
    votes.toldVote(member, 6, 2, null);
    expect(said).toHaveLength(2);
  });

  test('make one leader for each epoch, and epochs do not go back', () => {
    const { violate, said } = collected();
    const votes = new VoteChecker(violate);
    votes.sawState(member, state(5, null, 1));
    votes.sawLeader(6, 2);
    expect(said).toEqual([]);
    votes.sawLeader(5, 3);
    votes.sawState(member, state(4, null));
    expect(said).toEqual([expect.stringMatching(/I13 nodes 1 and 3 lead/), expect.stringMatching(/I14 node 1 had seen epoch 5/)]);
  });
});

describe('replicas', () => {
  test('have one leader for each epoch (I6)', () => {
    const { violate, said } = collected();
    const leaders = new LeaderChecker(violate);
    leaders.saw('orders-0', 1, 1);
    leaders.saw('orders-0', 2, 2);
    leaders.saw('orders-1', 1, 2);
    expect(said).toEqual([]);
    leaders.saw('orders-0', 1, 3);
    expect(said).toEqual(['I6 1 and 3 lead orders-0 in epoch 1']);
  });

  test('hold the same bytes at the same offset of one epoch (I3)', () => {
    const one = { nodeId: 1, batches: [batch(0, 1), batch(1, 1)] };
    expect(mismatch('orders-0', [one, { nodeId: 2, batches: [batch(0, 1), batch(1, 2, 5)] }])).toBeNull();
    expect(mismatch('orders-0', [one, { nodeId: 2, batches: [batch(0, 1), batch(1, 1, 5)] }])).toMatch(/I3 nodes 1 and 2 hold different batches at 1/);
  });

  test('of the ISR and the ELR have all that was acknowledged (I2, I4)', () => {
    const partition = registration({ isr: [1], elr: [2], leader: 1 });
    expect(membersOf(partition)).toEqual([1, 2]);
    expect(memberObjection('orders-0', partition, [{ nodeId: 1, endOffset: 5 }, { nodeId: 2, endOffset: 6 }], 5)).toBeNull();
    expect(memberObjection('orders-0', partition, [{ nodeId: 1, endOffset: 4 }], 5)).toMatch(/I2 the leader 1/);
    expect(memberObjection('orders-0', partition, [{ nodeId: 2, endOffset: 4 }], 5)).toMatch(/I4 the member 2/);
  });
});

describe('a healed cluster (I34)', () => {
  test('has every broker, leader and replica', () => {
    const image = brokers();
    image.replay(metadataRecord('TopicRecord', 0, { name: 'orders', topicId: ORDERS }), null);
    image.replay(partitionOf(ORDERS, 0, [1, 2, 3]), null);
    expect(unsettled(image, [1, 2, 3])).toEqual([]);
    image.replay(changeOf(ORDERS, 0, { isr: [1, 2] }), null);
    expect(unsettled(image, [1, 2, 3])).toEqual(['the ISR of orders-0 is [1,2] of [1,2,3]']);
    image.replay(changeOf(ORDERS, 0, { leader: -1 }), null);
    expect(unsettled(image, [1, 2, 3, 4])).toEqual(['broker 4 is not registered', 'orders-0 has no leader']);
    expect(unsettled(brokers([2]), [1, 2, 3])).toEqual(['broker 2 is fenced']);
  });
});

describe('a snapshot (I17)', () => {
  const dataBatch = (records: readonly MetadataRecord[]): Uint8Array =>
    encodeBatch({ records: records.map((record) => ({ key: null, value: encodeMetadataRecord(record), timestampMs: 0 })) }, crc32c);
  const imageOf = (records: readonly MetadataRecord[]): MetadataImage => {
    const image = new MetadataImage();
    for (const record of records) image.replay(record, null);
    return image;
  };
  const log = (records: readonly MetadataRecord[]): DiskBatch[] => records.map((record, at) => ({ ...batch(at, 1), bytes: dataBatch([record]) }));
  const snapshot = (records: readonly MetadataRecord[]): Uint8Array => {
    const place = { epoch: 1, timestampMs: 0, baseOffset: 0 };
    const header = encodeSnapshotHeader({ ...place, lastContainedLogTimestampMs: 0, kraftVersion: 1, voters: null }, crc32c);
    return Buffer.concat([header.bytes, dataBatch(records), encodeSnapshotFooter(place, crc32c).bytes]);
  };

  test('says what the log says, up to its end and no further', () => {
    const records = sampleRecords();
    const written = snapshot([...imageRecords(imageOf(records))]);
    expect(snapshotObjection(written, records.length, log(records))).toBeNull();
    const later = [...records, metadataRecord('TopicRecord', 0, { name: 'later', topicId: 'bGF0ZXItLWxhdGVyLS1sYQ' })];
    expect(snapshotObjection(written, records.length, log(later))).toBeNull();
    expect(snapshotObjection(written, later.length, log(later))).toMatch(/the log says topic \["later"/);
  });

  test('is found when anything is left out', () => {
    const records = sampleRecords();
    const whole = [...imageRecords(imageOf(records))];
    const lines = linesOf(imageOf(records)).size;
    expect(lines).toBeGreaterThan(10);
    for (const type of ['ConfigRecord', 'ProducerIdsRecord', 'AccessControlEntryRecord'] as const) {
      const some = whole.filter((record) => record.type !== type);
      expect(snapshotObjection(snapshot(some), records.length, log(records))).not.toBeNull();
    }
    expect(snapshotObjection(new Uint8Array(0), records.length, log(records))).toBe('it is empty');
  });
});

describe('what a leader believes of its ISR', () => {
  const belief = (change: Partial<LeaderBelief> = {}): LeaderBelief => ({ brokerId: 1, leaderEpoch: 4, partitionEpoch: 7, maximalIsr: [1, 2, 3], hasProposal: false, ...change });

  test('includes everybody who is in it, or may come to be', () => {
    expect(beliefObjection('t-0', belief(), registration(), 2)).toBeNull();
    expect(beliefObjection('t-0', belief({ partitionEpoch: 6, maximalIsr: [1, 2], hasProposal: true }), registration(), 2)).toContain('and not 3');
    expect(beliefObjection('t-0', belief({ partitionEpoch: 6, hasProposal: true }), registration(), 2)).toBeNull();
  });

  test('is what is committed, when nothing has been asked for', () => {
    expect(beliefObjection('t-0', belief(), registration({ isr: [1, 2] }), 2)).toContain('asked for nothing');
    expect(beliefObjection('t-0', belief({ hasProposal: true }), registration({ isr: [1, 2] }), 2)).toBeNull();
  });

  test('says nothing of a leader that has been replaced, or that knows more than is known to be committed', () => {
    expect(beliefObjection('t-0', belief({ leaderEpoch: 3, maximalIsr: [1] }), registration(), 2)).toBeNull();
    expect(beliefObjection('t-0', belief({ partitionEpoch: 8, maximalIsr: [1, 2] }), registration(), 2)).toBeNull();
  });

  test('calls nothing committed that a member lacks', () => {
    const ends = [{ nodeId: 1, endOffset: 9 }, { nodeId: 2, endOffset: 8 }];
    expect(advanceObjection('t-0', belief(), 8, registration(), ends)).toBeNull();
    expect(advanceObjection('t-0', belief(), 9, registration(), ends)).toContain('member 2 ends at 8');
    expect(advanceObjection('t-0', belief({ leaderEpoch: 3 }), 9, registration(), ends)).toBeNull();
    expect(advanceObjection('t-0', belief({ partitionEpoch: 8 }), 9, registration(), ends)).toBeNull();
  });
});
