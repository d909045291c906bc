/** Incremental fetch sessions (KIP-227): created, continued, changed, ended, and refused. */
import type { RequestOf, ResponseOf } from '../../handlers/support/wire-client';
import { compareWithKafka } from './support/compare';
import { batch, idOf, produce, topic } from './support/fixtures';
import { ask, type Allowed, type Scenario, type Step, type Vars } from './support/steps';

const TOPIC_IDS_SINCE = 13;
const BY_NAME = 12;
const BY_ID = 17;

interface Partition {
  readonly topic: string;
  readonly partition?: number;
  readonly offset?: number;
  readonly maxBytes?: number;
  readonly currentLeaderEpoch?: number;
}

interface SessionFetch {
  readonly version?: number;
  /** 'known' is the session that the last answer named. */
  readonly id?: number | 'known';
  readonly epoch: number;
  readonly fetch?: readonly Partition[];
  readonly forget?: readonly Partition[];
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  readonly isTimed?: true;
  /** Under which name the session is remembered. */
  readonly session?: string;
}

function fetch(options: SessionFetch): Step {
  const { version = BY_NAME, session = 'session', isTimed } = options;
  const save = ({ sessionId }: ResponseOf<'Fetch'>, vars: Vars): void => {
    if (sessionId !== 0) vars.set(session, sessionId);
  };
  const request = (vars: Vars): RequestOf<'Fetch'> => requestOf(options, version, session, vars);
  return ask('Fetch', version, request, { isOrdered: true, save, ...(isTimed === true ? { isTimed } : {}) });
}

function requestOf(options: SessionFetch, version: number, session: string, vars: Vars): RequestOf<'Fetch'> {
  const { id = 'known', epoch, fetch: fetched = [], forget = [], maxWaitMs = 0, minBytes = 0 } = options;
  const name = (topicName: string): { topic: string; topicId?: string } => ({
    topic: topicName,
    ...(version >= TOPIC_IDS_SINCE
      ? { topicId: topicName === 'nowhere' ? 'qqqqqqqqQqqqqqqqqqqqqg' : vars.text(idOf(topicName)) }
      : {}),
  });
  return {
    maxWaitMs,
    minBytes,
    sessionId: id === 'known' ? vars.number(session) : id,
    sessionEpoch: epoch,
    topics: fetched.map(
      ({ topic: topicName, partition = 0, offset = 0, maxBytes = 100_000, currentLeaderEpoch = -1 }) => ({
        ...name(topicName),
        partitions: [{ partition, fetchOffset: offset, partitionMaxBytes: maxBytes, currentLeaderEpoch }],
      }),
    ),
    forgottenTopicsData: forget.map(({ topic: topicName, partition = 0 }) => ({
      ...name(topicName),
      partitions: [partition],
    })),
  };
}

function life(version: number): Scenario {
  const [a, b] = [`life-a-${version}`, `life-b-${version}`];
  return {
    title: `a session's life, version ${version}`,
    steps: [
      ...topic(a, { partitions: 2 }),
      ...topic(b),
      produce(a, batch([{ value: 'one' }])),
      fetch({ version, id: 0, epoch: 0, fetch: [{ topic: a }, { topic: a, partition: 1 }, { topic: b }] }),
      fetch({ version, epoch: 1 }),
      fetch({ version, epoch: 2, fetch: [{ topic: a, offset: 1 }] }),
      fetch({ version, epoch: 3 }),
      produce(b, batch([{ value: 'two' }])),
      fetch({ version, epoch: 4 }),
      fetch({ version, epoch: 5, fetch: [{ topic: b, offset: 1 }] }),
      fetch({ version, epoch: 6, forget: [{ topic: b }] }),
      produce(b, batch([{ value: 'three' }])),
      fetch({ version, epoch: 7 }),
      fetch({ version, epoch: 8, fetch: [{ topic: b, offset: 1 }] }),
      fetch({
        version,
        epoch: 9,
        forget: [{ topic: a, partition: 9 }, { topic: b }],
        fetch: [{ topic: b, offset: 0 }],
      }),
      fetch({ version, epoch: 10, fetch: [{ topic: a, offset: 77 }] }),
      fetch({ version, epoch: 11 }),
      fetch({ version, epoch: 12, fetch: [{ topic: a, offset: 1 }] }),
      fetch({ version, epoch: 13, fetch: [{ topic: a, offset: 1, currentLeaderEpoch: 9 }] }),
      fetch({ version, epoch: 14, fetch: [{ topic: a, offset: 1 }] }),
      fetch({ version, epoch: 15 }),
      fetch({ version, epoch: -1 }),
      fetch({ version, epoch: 16 }),
    ],
  };
}

const scenarios: readonly Scenario[] = [
  life(7),
  life(BY_NAME),
  life(BY_ID),
  {
    title: 'sessions that are refused',
    steps: [
      ...topic('refused'),
      fetch({ id: 12345, epoch: 1 }),
      fetch({ id: 0, epoch: 1 }),
      fetch({ id: 0, epoch: 5, fetch: [{ topic: 'refused' }] }),
      fetch({ id: 12345, epoch: 0, fetch: [{ topic: 'refused' }] }),
      fetch({ epoch: 2 }),
      fetch({ epoch: 0x7fffffff }),
      fetch({ epoch: -5 }),
      fetch({ epoch: 1 }),
      fetch({ epoch: 1 }),
      fetch({ epoch: 2 }),
      fetch({ epoch: 0, fetch: [{ topic: 'refused' }] }),
      fetch({ epoch: 1 }),
      fetch({ epoch: 0, fetch: [] }),
      fetch({ epoch: 1 }),
      fetch({ id: 0, epoch: 0, fetch: [] }),
      fetch({ id: 0, epoch: -1, fetch: [{ topic: 'refused' }] }),
      fetch({ id: 77, epoch: -1, fetch: [{ topic: 'refused' }] }),
    ],
  },
  {
    title: 'a session of which nothing is left',
    steps: [
      ...topic('emptied'),
      fetch({ id: 0, epoch: 0, fetch: [{ topic: 'emptied' }] }),
      fetch({ epoch: 1, forget: [{ topic: 'emptied' }] }),
      fetch({ epoch: 2 }),
      fetch({ epoch: 2, fetch: [{ topic: 'emptied' }] }),
    ],
  },
  {
    title: 'sessions keep to names or ids',
    steps: [
      ...topic('named'),
      fetch({ version: BY_NAME, id: 0, epoch: 0, fetch: [{ topic: 'named' }], session: 'names' }),
      fetch({ version: BY_ID, epoch: 1, session: 'names' }),
      fetch({ version: BY_NAME, epoch: 1, session: 'names' }),
      fetch({ version: BY_NAME, epoch: 2, session: 'names' }),
      fetch({ version: BY_ID, id: 0, epoch: 0, fetch: [{ topic: 'named' }], session: 'ids' }),
      fetch({ version: BY_NAME, epoch: 1, session: 'ids' }),
      fetch({ version: BY_ID, epoch: 1, session: 'ids' }),
      fetch({ version: BY_ID, epoch: 2, session: 'ids' }),
    ],
  },
  {
    title: 'sessions with topics that come and go',
    steps: [
      ...topic('goes'),
      fetch({ version: BY_NAME, id: 0, epoch: 0, fetch: [{ topic: 'goes' }, { topic: 'nowhere' }], session: 'names' }),
      fetch({ version: BY_ID, id: 0, epoch: 0, fetch: [{ topic: 'goes' }, { topic: 'nowhere' }], session: 'ids' }),
      fetch({ version: BY_NAME, epoch: 1, session: 'names' }),
      fetch({ version: BY_ID, epoch: 1, session: 'ids' }),
      ask('DeleteTopics', 5, { topicNames: ['goes'], timeoutMs: 5000 }),
      ask(
        'Metadata',
        12,
        { topics: [{ name: 'goes' }], allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false },
        { isSilent: true, until: ({ topics }) => topics[0]?.errorCode !== 0 },
      ),
      fetch({ version: BY_NAME, epoch: 2, session: 'names' }),
      fetch({ version: BY_ID, epoch: 2, session: 'ids' }),
      fetch({ version: BY_NAME, epoch: 3, session: 'names' }),
      fetch({ version: BY_ID, epoch: 3, session: 'ids' }),
      ...topic('goes'),
      produce('goes', batch([{ value: 'of the new one' }])),
      fetch({ version: BY_NAME, epoch: 4, session: 'names' }),
      fetch({ version: BY_ID, epoch: 4, session: 'ids' }),
      fetch({ version: BY_ID, epoch: 5, session: 'ids', fetch: [{ topic: 'goes' }] }),
      fetch({ version: BY_ID, epoch: 6, session: 'ids', fetch: [{ topic: 'goes', offset: 1 }] }),
      fetch({ version: BY_ID, epoch: 7, session: 'ids' }),
    ],
  },
  {
    title: 'sessions that wait',
    steps: [
      ...topic('waiting', { partitions: 2 }),
      fetch({
        id: 0,
        epoch: 0,
        fetch: [{ topic: 'waiting' }, { topic: 'waiting', partition: 1 }],
        maxWaitMs: 300,
        minBytes: 1,
      }),
      fetch({ epoch: 1, maxWaitMs: 1200, minBytes: 1, isTimed: true }),
      produce('waiting', batch()),
      fetch({ epoch: 2, maxWaitMs: 1200, minBytes: 1, isTimed: true }),
      fetch({ epoch: 3, fetch: [{ topic: 'waiting', offset: 1 }], maxWaitMs: 1200, minBytes: 1, isTimed: true }),
      fetch({ epoch: 4, fetch: [{ topic: 'waiting', offset: 9 }], maxWaitMs: 1200, minBytes: 1, isTimed: true }),
      fetch({ epoch: 5, maxWaitMs: 1200, minBytes: 1, isTimed: true }),
      fetch({ epoch: 6, fetch: [{ topic: 'waiting', offset: 1 }], maxWaitMs: 1200, minBytes: 1, isTimed: true }),
    ],
  },
  {
    title: 'sessions serve all of their partitions in turn',
    steps: [
      ...topic('turns', { partitions: 3 }),
      ...[0, 1, 2].flatMap((partition) =>
        [0, 1, 2].map((n) => produce('turns', batch([{ value: `${partition}/${n}` }]), { partition })),
      ),
      fetch({ id: 0, epoch: 0, fetch: [0, 1, 2].map((partition) => ({ topic: 'turns', partition, maxBytes: 10 })) }),
      ...[1, 2, 3, 4, 5].map((epoch) => fetch({ epoch })),
      fetch({ epoch: 6, fetch: [1].map((partition) => ({ topic: 'turns', partition, offset: 2, maxBytes: 10 })) }),
      ...[7, 8].map((epoch) => fetch({ epoch })),
    ],
  },
];

const allowed: Readonly<Record<string, readonly Allowed[]>> = {};

compareWithKafka(
  'fetch sessions',
  scenarios.map((scenario) => ({ ...scenario, allowed: allowed[scenario.title] ?? [] })),
);
