/** FindCoordinator and InitProducerId, on brokers that have no internal topics yet. */
import { compareWithKafka } from './support/compare';
import { ask, askEach, versions, type Allowed, type Scenario } from './support/steps';

const SINGLE = versions(0, 3);
const BATCHED = versions(4, 6);

const scenarios: readonly Scenario[] = [
  {
    title: 'groups before their coordinator is there',
    steps: [
      ask('ListGroups', 4, {}),
      ask('FindCoordinator', 2, { key: 'group' }),
      ask(
        'FindCoordinator',
        4,
        { coordinatorKeys: ['group'] },
        { until: ({ coordinators: [found] }) => found?.errorCode === 0 },
      ),
    ],
  },
  {
    title: 'FindCoordinator in every version',
    steps: [
      ...askEach('FindCoordinator', SINGLE, { key: 'group' }),
      ...askEach('FindCoordinator', SINGLE, { key: '' }),
      ...askEach('FindCoordinator', BATCHED, { coordinatorKeys: ['b', 'a', 'b'] }),
      ...askEach('FindCoordinator', BATCHED, { coordinatorKeys: [] }),
      ...askEach('FindCoordinator', BATCHED, { coordinatorKeys: [''] }),
      ...[...versions(1, 3)].map((version) => ask('FindCoordinator', version, { key: 'k', keyType: 7 })),
      ...[...versions(4, 6)].map((version) =>
        ask('FindCoordinator', version, { coordinatorKeys: ['k', 'l'], keyType: 7 }),
      ),
      ...[...versions(4, 6)].map((version) => ask('FindCoordinator', version, { coordinatorKeys: ['k'], keyType: -1 })),
    ],
  },
  {
    title: 'coordinators of share groups',
    steps: [...versions(4, 6)].flatMap((version) => [
      ask('FindCoordinator', version, { coordinatorKeys: ['k'], keyType: 2 }),
      ask('FindCoordinator', version, { coordinatorKeys: ['g:AAAAAAAAAAAAAAAAAAAAAg:0'], keyType: 2 }),
    ]),
  },
  {
    title: 'coordinators of transactions',
    steps: [
      ...[...versions(1, 3)].map((version) => ask('FindCoordinator', version, { key: 'k', keyType: 1 })),
      ...[...versions(4, 6)].map((version) => ask('FindCoordinator', version, { coordinatorKeys: ['k'], keyType: 1 })),
    ],
  },
  {
    title: 'InitProducerId of idempotent producers',
    steps: [
      // The first block of ids is fetched from the controller.
      ask(
        'InitProducerId',
        4,
        { transactionalId: null, transactionTimeoutMs: 0 },
        { isSilent: true, until: ({ errorCode }) => errorCode === 0 },
      ),
      ...versions(0, 5).flatMap((version) => [
        ask('InitProducerId', version, { transactionalId: null, transactionTimeoutMs: 60_000 }),
        ask('InitProducerId', version, { transactionalId: null, transactionTimeoutMs: -1 }),
        ask('InitProducerId', version, { transactionalId: '', transactionTimeoutMs: 60_000 }),
      ]),
      ...versions(3, 5).flatMap((version) => [
        ask('InitProducerId', version, {
          transactionalId: null,
          transactionTimeoutMs: 60_000,
          producerId: 5,
          producerEpoch: 2,
        }),
        ask('InitProducerId', version, {
          transactionalId: null,
          transactionTimeoutMs: 60_000,
          producerId: 5,
          producerEpoch: -1,
        }),
        ask('InitProducerId', version, {
          transactionalId: null,
          transactionTimeoutMs: 60_000,
          producerId: -1,
          producerEpoch: 2,
        }),
      ]),
    ],
  },
];

const later = 'transactions are not served yet: an error after which no client tries again';

const allowed: Readonly<Record<string, readonly Allowed[]>> = {
  'coordinators of transactions': [
    { at: /errorCode$/, reason: later },
    { at: /errorMessage$/, kafka: '', reason: 'what is not served says so' },
  ],
  'coordinators of share groups': [
    {
      at: /^FindCoordinator v6 #2 .*errorCode$/,
      reason: 'share groups are not served yet: an error after which no client tries again',
    },
    { at: /errorMessage$/, kafka: '', reason: 'what is not served says so' },
  ],
};

compareWithKafka(
  'coordinators',
  scenarios.map((scenario) => ({ ...scenario, allowed: allowed[scenario.title] ?? [] })),
  { isBare: true },
);
