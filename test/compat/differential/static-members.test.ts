/** Static members (KIP-345): replaced, fenced, removed by name; and what a leader need not do (KIP-814). */
import { compareWithKafka } from './support/compare';
import { commit, describeGroups, enter, heartbeat, join, leave, sync } from './support/group-steps';
import { topic } from './support/fixtures';
import { ask, settle, type Scenario } from './support/steps';

const REBALANCE_IN_PROGRESS = 27;

const scenarios: readonly Scenario[] = [
  ...[5, 6, 7, 8, 9].map((version): Scenario => {
    const group = `static-${version}`;
    const member = { group, version, instance: 'one' };
    return {
      title: `a static member alone, JoinGroup version ${version}`,
      steps: [
        ...enter({ ...member, on: 'a' }),
        sync({ group, on: 'a', instance: 'one', assign: { a: 'first' } }),
        heartbeat({ group, on: 'a', instance: 'one' }),
        describeGroups([group], 6),
        describeGroups([group], 3),
        // It starts again, as another process.
        ...enter({ ...member, on: 'a2' }),
        sync({ group, on: 'a2', instance: 'one' }),
        heartbeat({ group, on: 'a', instance: 'one' }),
        sync({ group, on: 'a', instance: 'one' }),
        join({ ...member, on: 'a' }),
        leave({ group, on: 'a', instance: 'one' }),
        heartbeat({ group, on: 'a2', instance: 'one' }),
        heartbeat({ group, on: 'a2' }),
        describeGroups([group], 6),
        ask('LeaveGroup', 5, { groupId: group, members: [{ memberId: '', groupInstanceId: 'one', reason: 'tests' }] }),
        describeGroups([group], 6),
      ],
    };
  }),
  {
    title: 'static members beside each other',
    steps: [
      ...enter({ group: 'pair', on: 'a', instance: 'one' }),
      sync({ group: 'pair', on: 'a', instance: 'one', assign: { a: 'a' } }),
      ...enter({ group: 'pair', on: 'b', instance: 'two', parked: 'b' }),
      heartbeat({ group: 'pair', on: 'a', instance: 'one' }, REBALANCE_IN_PROGRESS),
      join({ group: 'pair', on: 'a', instance: 'one' }),
      settle('b'),
      sync({ group: 'pair', on: 'b', instance: 'two', parked: 'b syncs' }),
      sync({ group: 'pair', on: 'a', instance: 'one', assign: { a: 'a', b: 'b' } }),
      settle('b syncs'),
      // The follower, then the leader, start again with the same subscription.
      ...enter({ group: 'pair', on: 'b2', instance: 'two' }),
      sync({ group: 'pair', on: 'b2', instance: 'two' }),
      ...enter({ group: 'pair', on: 'a2', instance: 'one' }),
      sync({ group: 'pair', on: 'a2', instance: 'one' }),
      describeGroups(['pair']),
      // Another topic under the same protocol: no rebalance.
      ...enter({ group: 'pair', on: 'b3', instance: 'two', protocols: ['range=other'] }),
      heartbeat({ group: 'pair', on: 'a2', instance: 'one' }),
      heartbeat({ group: 'pair', on: 'b3', instance: 'one' }),
      // An older leader learns nothing of the members.
      ...enter({ group: 'pair', on: 'a3', instance: 'one', version: 8 }),
      sync({ group: 'pair', on: 'a3', instance: 'one' }),
      // Each with the other's name.
      heartbeat({ group: 'pair', on: 'a3', instance: 'two' }),
      join({ group: 'pair', on: 'a3', instance: 'two' }),
      ask('LeaveGroup', 4, {
        groupId: 'pair',
        members: ['two', 'nobody', 'one'].map((groupInstanceId) => ({ memberId: '', groupInstanceId })),
      }),
      describeGroups(['pair']),
    ],
  },
  {
    title: 'a static member that changes what it supports',
    steps: [
      ...enter({ group: 'changes', on: 'a', instance: 'one', protocols: ['range=t', 'roundrobin=t'] }),
      sync({ group: 'changes', on: 'a', instance: 'one', assign: { a: 'a' } }),
      ...enter({ group: 'changes', on: 'a2', instance: 'one', protocols: ['roundrobin=t'] }),
      sync({ group: 'changes', on: 'a2', instance: 'one', protocol: 'roundrobin', assign: { a2: 'new' } }),
      join({ group: 'changes', on: 'b', isNew: true, protocols: ['sticky=t'] }),
      leave({ group: 'changes', on: 'a2', instance: 'one' }),
    ],
  },
  {
    title: 'a static member whose request is parked when it is replaced',
    steps: [
      ...enter({ group: 'parked', on: 'a' }),
      sync({ group: 'parked', on: 'a', assign: { a: 'a' } }),
      ...enter({ group: 'parked', on: 'b', instance: 'two', parked: 'b joins' }),
      heartbeat({ group: 'parked', on: 'a' }, REBALANCE_IN_PROGRESS),
      ...enter({ group: 'parked', on: 'b2', instance: 'two', parked: 'b2 joins' }),
      settle('b joins'),
      join({ group: 'parked', on: 'a' }),
      settle('b2 joins'),
      sync({ group: 'parked', on: 'b2', instance: 'two', parked: 'b2 syncs' }),
      ...enter({ group: 'parked', on: 'b3', instance: 'two', parked: 'b3 joins' }),
      settle('b2 syncs'),
      heartbeat({ group: 'parked', on: 'a' }, REBALANCE_IN_PROGRESS),
      join({ group: 'parked', on: 'a' }),
      settle('b3 joins'),
      describeGroups(['parked']),
    ],
  },
  {
    title: 'a static member commits',
    steps: [
      ...topic('static-commits'),
      ...enter({ group: 'commits', on: 'a', instance: 'one' }),
      sync({ group: 'commits', on: 'a', instance: 'one', assign: { a: 'a' } }),
      ...[7, 8, 9, 10].flatMap((version) => [
        commit({
          group: 'commits',
          version,
          member: 'a',
          instance: 'one',
          topics: [{ name: 'static-commits', offset: version }],
        }),
        commit({
          group: 'commits',
          version,
          member: 'a',
          instance: 'nobody',
          topics: [{ name: 'static-commits', offset: version }],
        }),
        commit({ group: 'commits', version, member: 'a', topics: [{ name: 'static-commits', offset: version }] }),
        commit({
          group: 'commits',
          version,
          memberId: '',
          generation: -1,
          instance: 'one',
          topics: [{ name: 'static-commits', offset: version }],
        }),
        commit({
          group: 'commits',
          version,
          memberId: 'who',
          member: 'a',
          instance: 'one',
          topics: [{ name: 'static-commits', offset: version }],
        }),
      ]),
    ],
  },
];

compareWithKafka('static members', scenarios);
