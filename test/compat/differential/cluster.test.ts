/** What a client learns first: versions, features, brokers. */
import { handlers } from '../../../src/handlers/index';
import { apis, type ApiName } from '../../../wire/api-keys';
import { compareWithKafka } from './support/compare';
import { ask, askEach, raw, versions, type Allowed, type Scenario } from './support/steps';

const SOFTWARE = { clientSoftwareName: 'tests', clientSoftwareVersion: '1.0' };

/** Kafka advertises these only with a receiver of telemetry. */
const NEEDS_PLUGIN: readonly ApiName[] = ['GetTelemetrySubscriptions', 'PushTelemetry'];

/** What the registry does not serve is not advertised; its reasons are the reasons. */
const notServed: readonly Allowed[] = (Object.keys(handlers) as ApiName[]).flatMap((name) => {
  const row = handlers[name];
  const { key, listeners } = apis[name];
  if (!('notServed' in row) || !listeners.includes('broker') || NEEDS_PLUGIN.includes(name)) return [];
  return [{ at: new RegExp(`^ApiVersions v\\d+ apiKeys\\[${key}\\]$`), reason: row.notServed }];
});

const laterFeatures: readonly Allowed[] = [
  { at: /supportedFeatures\[transaction\.version\]/, reason: 'transactions are not served yet' },
  { at: /supportedFeatures\[group\.version\]/, reason: 'groups of KIP-848 are not served yet' },
  { at: /supportedFeatures\[share\.version\]/, reason: 'share groups are not served yet' },
  { at: /supportedFeatures\[streams\.version\]/, reason: 'streams groups are not served yet' },
];

const staticPeer: Allowed = {
  at: /finalizedFeatures\[kraft\.version\]/,
  reason: 'the Kafka beside it has a static quorum, whose kraft.version is 0; test/compat/tools/cluster.test.ts has one like ours',
};

const scenarios: readonly Scenario[] = [
  {
    title: 'ApiVersions: the ranges of versions, and features',
    steps: askEach('ApiVersions', versions(0, 4), SOFTWARE),
    allowed: [...notServed, ...laterFeatures, staticPeer],
  },
  {
    title: 'ApiVersions: names and versions of client software',
    steps: ['', 'a b', '-a', 'a-', 'é', 'a\n'].flatMap((text) => [
      ask('ApiVersions', 3, { clientSoftwareName: text, clientSoftwareVersion: '1' }),
      ask('ApiVersions', 3, { clientSoftwareName: 'a', clientSoftwareVersion: text }),
    ]),
  },
  {
    title: 'versions that are not served: ApiVersions is answered, all others end the connection',
    steps: [
      ...[5, 6, 99, 32767].map((version) => rawVersion('ApiVersions', version)),
      rawVersion('ApiVersions', -1),
      ...(['Produce', 'Fetch', 'ListOffsets', 'Metadata', 'JoinGroup', 'CreateTopics'] as const).flatMap((api) => [
        rawVersion(api, apis[api].request.validVersions.max + 1),
        rawVersion(api, -1),
      ]),
      ...[0, 1, 2].map((version) => rawVersion('Produce', version)),
      rawVersion('Fetch', 3),
      rawVersion('ListOffsets', 0),
      rawVersion('CreateTopics', 1),
      rawVersion('InitProducerId', 6),
      ...[4, 5, 6, 7, 52, 62, 999, -1].map((apiKey) =>
        raw({
          label: `API ${apiKey}`,
          apiKey,
          version: 0,
          body: new Uint8Array(0),
          answer: { api: 'Metadata', version: 0, headerVersion: 0 },
        }),
      ),
    ],
  },
  {
    title: 'DescribeCluster: brokers, operations, endpoints of another kind',
    steps: [
      ...askEach('DescribeCluster', versions(0, 2), {
        includeClusterAuthorizedOperations: true,
        includeFencedBrokers: true,
      }),
      ...askEach('DescribeCluster', versions(0, 2), {
        includeClusterAuthorizedOperations: false,
        includeFencedBrokers: false,
      }),
      ...askEach('DescribeCluster', versions(1, 2), {
        includeClusterAuthorizedOperations: false,
        endpointType: 2,
        includeFencedBrokers: false,
      }),
      ask('DescribeCluster', 1, {
        includeClusterAuthorizedOperations: false,
        endpointType: 9,
        includeFencedBrokers: false,
      }),
    ],
  },
];

function rawVersion(api: ApiName, version: number): ReturnType<typeof raw> {
  const answerVersion = api === 'ApiVersions' ? 0 : apis[api].response.validVersions.min;
  const answer = { api, version: answerVersion, headerVersion: 0 as const };
  return raw({ label: `${api} v${version}`, apiKey: apis[api].key, version, body: new Uint8Array(40), answer });
}

compareWithKafka('the cluster', scenarios);
