/** Classic groups: members that come, stay and go, in every version, and everything that is refused. */
import { compareWithKafka } from './support/compare';
import { describeGroups, enter, hasMembers, heartbeat, join, leave, sync } from './support/group-steps';
import { ask, settle, versions, type Allowed, type Scenario } from './support/steps';

const REBALANCE_IN_PROGRESS = 27;

const scenarios: readonly Scenario[] = [
  ...versions(0, 9).map((version): Scenario => {
    const group = `alone-${version}`;
    const [syncs, beats, leaves] = [Math.min(version, 5), Math.min(version, 4), Math.min(version, 5)];
    return {
      title: `a member alone, JoinGroup version ${version}`,
      steps: [
        ...enter({ group, on: 'a', version }),
        sync({ group, on: 'a', version: syncs, assign: { a: 'mine' } }),
        sync({ group, on: 'a', version: syncs }),
        heartbeat({ group, on: 'a', version: beats }),
        describeGroups([group], Math.min(version, 6)),
        join({ group, on: 'a', version }),
        heartbeat({ group, on: 'a', version: beats }),
        sync({ group, on: 'a', version: syncs, assign: { a: 'again' } }),
        leave({ group, on: 'a', version: leaves }),
        leave({ group, on: 'a', version: leaves }),
        heartbeat({ group, on: 'a', version: beats }),
        describeGroups([group], Math.min(version, 6)),
      ],
    };
  }),
  ...[2, 5, 9].map((version): Scenario => {
    const group = `two-${version}`;
    const syncs = Math.min(version, 5);
    return {
      title: `a second member comes and goes, JoinGroup version ${version}`,
      steps: [
        ...enter({ group, on: 'a', version }),
        sync({ group, on: 'a', version: syncs, assign: { a: 'all' } }),
        ...enter({ group, on: 'b', version, parked: 'b joins', protocols: ['range=b', 'roundrobin=b'] }),
        heartbeat({ group, on: 'a' }, REBALANCE_IN_PROGRESS),
        describeGroups([group]),
        join({ group, on: 'a', version }),
        settle('b joins'),
        heartbeat({ group, on: 'a' }),
        sync({ group, on: 'b', version: syncs, parked: 'b syncs' }),
        describeGroups([group]),
        sync({ group, on: 'a', version: syncs, assign: { a: 'half', b: 'other half' } }),
        settle('b syncs'),
        describeGroups([group]),
        join({ group, on: 'b', version, protocols: ['range=b', 'roundrobin=b'] }),
        sync({ group, on: 'b', version: syncs }),
        heartbeat({ group, on: 'b' }),
        leave({ group, on: 'b' }),
        heartbeat({ group, on: 'a' }),
        join({ group, on: 'a', version }),
        sync({ group, on: 'a', version: syncs }),
        heartbeat({ group, on: 'a' }),
        leave({ group, on: 'a' }),
        describeGroups([group]),
      ],
    };
  }),
  {
    title: 'JoinGroup that is refused',
    steps: [
      ...versions(0, 9).flatMap((version) => [
        join({ group: '', on: 'a', version, isNew: true }),
        join({ group: 'refusing', on: 'a', version, isNew: true, sessionTimeoutMs: 10 }),
        join({ group: 'refusing', on: 'a', version, isNew: true, sessionTimeoutMs: 2_000_000_000 }),
        join({ group: 'refusing', on: 'a', version, memberId: 'who' }),
        join({ group: `no-protocols-${version}`, on: 'a', version, isNew: true, protocols: [] }),
        join({ group: `no-type-${version}`, on: 'a', version, isNew: true, type: '' }),
      ]),
      ...enter({ group: 'refusing', on: 'b' }),
      sync({ group: 'refusing', on: 'b', assign: { b: 'b' } }),
      ...[0, 4, 7, 9].flatMap((version) => [
        join({ group: 'refusing', on: 'a', version, isNew: true, type: 'connect' }),
        join({ group: 'refusing', on: 'a', version, isNew: true, protocols: ['other=x'] }),
        join({ group: 'refusing', on: 'a', version, isNew: true, protocols: [] }),
        join({ group: 'refusing', on: 'a', version, memberId: 'who' }),
      ]),
      ask('JoinGroup', 9, {
        groupId: 'refusing',
        sessionTimeoutMs: 10_000,
        memberId: 'who',
        groupInstanceId: 'unknown instance',
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: new Uint8Array(0) }],
      }),
      leave({ group: 'refusing', on: 'b' }),
    ],
  },
  {
    title: 'SyncGroup, Heartbeat and LeaveGroup that are refused',
    steps: [
      ...versions(0, 5).flatMap((version) => [
        sync({ group: '', on: 'a', version, memberId: 'm', generation: 1 }),
        sync({ group: 'unknown', on: 'a', version, memberId: 'm', generation: 1 }),
        sync({ group: 'unknown', on: 'a', version, memberId: 'm', generation: 1, type: null, protocol: null }),
        leave({ group: '', on: 'a', version, memberId: 'm' }),
        leave({ group: 'unknown', on: 'a', version, memberId: 'm' }),
        leave({ group: 'unknown', on: 'a', version, memberId: '' }),
      ]),
      ...versions(0, 4).flatMap((version) => [
        heartbeat({ group: '', on: 'a', version, memberId: 'm', generation: 1 }),
        heartbeat({ group: 'unknown', on: 'a', version, memberId: 'm', generation: 1 }),
      ]),
      ...enter({ group: 'syncing', on: 'a' }),
      sync({ group: 'syncing', on: 'a', generation: 7 }),
      sync({ group: 'syncing', on: 'a', memberId: 'who' }),
      sync({ group: 'syncing', on: 'a', protocol: 'other' }),
      sync({ group: 'syncing', on: 'a', type: 'connect' }),
      sync({ group: 'syncing', on: 'a', type: null }),
      heartbeat({ group: 'syncing', on: 'a', generation: 7 }),
      heartbeat({ group: 'syncing', on: 'a', memberId: 'who' }),
      heartbeat({ group: 'syncing', on: 'a' }),
      sync({ group: 'syncing', on: 'a', assign: { a: 'a' } }),
      sync({ group: 'syncing', on: 'a', generation: 7 }),
      heartbeat({ group: 'syncing', on: 'a', instance: 'unknown instance' }),
      sync({ group: 'syncing', on: 'a', instance: 'unknown instance' }),
      leave({ group: 'syncing', on: 'a', instance: 'unknown instance' }),
      leave({ group: 'syncing', on: 'a', memberId: 'who' }),
      ask('LeaveGroup', 5, (vars) => ({
        groupId: 'syncing',
        members: [
          { memberId: 'who' },
          { memberId: '', groupInstanceId: 'i' },
          { memberId: vars.text('a') },
          { memberId: vars.text('a') },
        ],
      })),
      ask('LeaveGroup', 3, { groupId: 'syncing', members: [] }),
    ],
  },
  {
    title: 'a member that is given an id and does not come back',
    steps: [
      join({ group: 'pending', on: 'a', isNew: true }),
      describeGroups(['pending']),
      leave({ group: 'pending', on: 'a' }),
      join({ group: 'pending', on: 'a' }),
      join({ group: 'pending', on: 'b', isNew: true }),
      heartbeat({ group: 'pending', on: 'b', generation: 0 }),
      sync({ group: 'pending', on: 'b', generation: 0 }),
      join({ group: 'pending', on: 'b' }),
      describeGroups(['pending']),
    ],
  },
  {
    title: 'protocols: what all support, by vote',
    steps: [
      ...enter({ group: 'voting', on: 'a', protocols: ['range=1', 'sticky=1', 'roundrobin=1'] }),
      sync({ group: 'voting', on: 'a', assign: { a: 'a' } }),
      ...enter({ group: 'voting', on: 'b', protocols: ['sticky=2', 'roundrobin=2'], parked: 'b' }),
      ...enter({ group: 'voting', on: 'c', protocols: ['roundrobin=3', 'sticky=3'], parked: 'c' }),
      hasMembers('voting', 3),
      join({ group: 'voting', on: 'a', protocols: ['range=1', 'sticky=1', 'roundrobin=1'] }),
      settle('b'),
      settle('c'),
      describeGroups(['voting']),
      join({ group: 'voting', on: 'd', isNew: true, protocols: ['range=4'] }),
    ],
  },
  {
    title: 'a rebalance while members sync',
    steps: [
      ...enter({ group: 'again', on: 'a' }),
      sync({ group: 'again', on: 'a', assign: { a: 'a' } }),
      ...enter({ group: 'again', on: 'b', parked: 'b' }),
      join({ group: 'again', on: 'a' }),
      settle('b'),
      sync({ group: 'again', on: 'b', parked: 'b syncs' }),
      join({ group: 'again', on: 'a', protocols: ['range=changed'], parked: 'a rejoins' }),
      settle('b syncs'),
      describeGroups(['again']),
      join({ group: 'again', on: 'b' }),
      settle('a rejoins'),
      sync({ group: 'again', on: 'a', assign: { b: 'b' } }),
      sync({ group: 'again', on: 'b' }),
      join({ group: 'again', on: 'b', protocols: ['range=changed'], parked: 'b rejoins' }),
      heartbeat({ group: 'again', on: 'a' }, REBALANCE_IN_PROGRESS),
      leave({ group: 'again', on: 'a' }),
      settle('b rejoins'),
    ],
  },
  {
    title: 'members that fall silent',
    steps: [
      ...enter({ group: 'silent', on: 'a', sessionTimeoutMs: 10_000 }),
      sync({ group: 'silent', on: 'a', assign: { a: 'a' } }),
      ...enter({ group: 'silent', on: 'b', parked: 'b', sessionTimeoutMs: 500, rebalanceTimeoutMs: 10_000 }),
      join({ group: 'silent', on: 'a', sessionTimeoutMs: 10_000 }),
      settle('b'),
      sync({ group: 'silent', on: 'a', assign: { a: 'a' } }),
      heartbeat({ group: 'silent', on: 'a' }, REBALANCE_IN_PROGRESS),
      join({ group: 'silent', on: 'a', sessionTimeoutMs: 10_000 }),
      heartbeat({ group: 'silent', on: 'b' }),
      // Who does not come back to a rebalance is left out after its timeout.
      ...enter({ group: 'late', on: 'c', rebalanceTimeoutMs: 600 }),
      sync({ group: 'late', on: 'c', assign: { c: 'c' } }),
      ...enter({ group: 'late', on: 'd', rebalanceTimeoutMs: 600 }),
      describeGroups(['late']),
      heartbeat({ group: 'late', on: 'c' }),
    ],
  },
];

const allowed: Readonly<Record<string, readonly Allowed[]>> = {};

compareWithKafka(
  'classic groups',
  scenarios.map((scenario) => ({ ...scenario, allowed: allowed[scenario.title] ?? [] })),
  { properties: { 'group.min.session.timeout.ms': '300' } },
);
