import { ErrorCode } from '../../../wire/base/error-codes';
import { incrementalAlterConfigs } from '../../../controller/control/configs';
import { updateFeatures, type QuorumFeatures } from '../../../controller/control/features';
import { allocateProducerIds } from '../../../controller/control/producer-ids';
import { refusalOf } from '../../../controller/control/api-error';
import { metadataRecord } from '../../../controller/metadata/records';
import { TestControls } from '../support/test-controls';

const QUORUM: QuorumFeatures = { kraftVersion: 1, voterIds: [100], raiseKraftVersion: () => 'not in this test' };
const [UPGRADE, SAFE, UNSAFE] = [1, 2, 3] as const;

function update(
  controls: TestControls,
  feature: string,
  level: number,
  upgradeType: number = UPGRADE,
  quorum = QUORUM,
) {
  const featureUpdates = [{ feature, maxVersionLevel: level, allowDowngrade: false, upgradeType }];
  const result = updateFeatures(controls, { timeoutMs: 0, featureUpdates, validateOnly: false }, 2, quorum);
  const { errorCode, errorMessage } = controls.commit(result);
  return [
    errorCode,
    errorMessage?.replace('The update failed for all features since the following feature had an error: ', '') ?? null,
  ];
}

describe('UpdateFeatures', () => {
  test('raises a feature, and lowers it again when asked to', () => {
    const controls = new TestControls().start(1);
    expect(update(controls, 'group.version', 1)).toEqual([0, null]);
    expect(controls.state.image.features.level('group.version')).toBe(1);
    expect(update(controls, 'group.version', 0, SAFE)).toEqual([0, null]);
    expect(controls.state.image.features.level('group.version')).toBe(0);
  });

  test('happens for all features or for none', () => {
    const controls = new TestControls().start(1);
    const featureUpdates = [
      { feature: 'group.version', maxVersionLevel: 1, allowDowngrade: false, upgradeType: UPGRADE },
      { feature: 'share.version', maxVersionLevel: 9, allowDowngrade: false, upgradeType: UPGRADE },
    ];
    const request = { timeoutMs: 0, featureUpdates, validateOnly: false };
    expect(updateFeatures(controls, request, 2, QUORUM)).toMatchObject({
      records: [],
      response: {
        errorCode: ErrorCode.INVALID_UPDATE_VERSION,
        errorMessage:
          'The update failed for all features since the following feature had an error: Invalid update version 9 for feature share.version. Local controller 100 only supports versions 0-1',
        results: [],
      },
    });
    const results = updateFeatures(controls, request, 1, QUORUM).response.results;
    expect(results.map(({ feature, errorCode }) => [feature, errorCode])).toEqual([
      ['group.version', ErrorCode.INVALID_UPDATE_VERSION],
      ['share.version', ErrorCode.INVALID_UPDATE_VERSION],
    ]);
  });

  test('with validateOnly writes nothing', () => {
    const featureUpdates = [
      { feature: 'group.version', maxVersionLevel: 1, allowDowngrade: false, upgradeType: UPGRADE },
    ];
    const result = updateFeatures(new TestControls(), { timeoutMs: 0, featureUpdates, validateOnly: true }, 1, QUORUM);
    expect(result.records).toEqual([]);
    expect(result.response.results).toEqual([{ feature: 'group.version', errorCode: 0, errorMessage: null }]);
  });

  test.each<[string, string, number, number, string]>([
    ['an unknown type of upgrade', 'group.version', 1, 0, 'The controller does not support the given upgrade type.'],
    ['a negative level', 'group.version', -1, UPGRADE, 'A feature version cannot be less than 0.'],
    ['an unknown feature', 'nope', 1, UPGRADE, 'Local controller 100 does not support this feature.'],
    ['a downgrade to a higher level', 'group.version', 1, SAFE, "Can't downgrade to a newer version."],
    [
      'a downgrade that is called an upgrade',
      'transaction.version',
      1,
      UPGRADE,
      "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.",
    ],
    ['a lower kraft.version', 'kraft.version', 0, SAFE, "Can't downgrade the version of this feature."],
  ])('refuses %s', (_, feature, level, upgradeType, why) => {
    const controls = new TestControls({}, { 'transaction.version': 2 }).start(1);
    const [code, message] = update(controls, feature, level, upgradeType);
    expect(code).toBe(ErrorCode.INVALID_UPDATE_VERSION);
    expect(message).toBe(`Invalid update version ${level} for feature ${feature}. ${why}`);
  });

  test('raises kraft.version when nothing else of the request is refused, and waits for a record behind it', () => {
    const raised: [number, boolean][] = [];
    const quorum: QuorumFeatures = {
      kraftVersion: 0,
      voterIds: [100],
      raiseKraftVersion: (level, validateOnly) => (raised.push([level, validateOnly]), null),
    };
    const asked = (feature: string, maxVersionLevel: number) => ({ feature, maxVersionLevel, allowDowngrade: false, upgradeType: UPGRADE });
    const send = (validateOnly: boolean, ...featureUpdates: ReturnType<typeof asked>[]) =>
      updateFeatures(new TestControls(), { timeoutMs: 0, featureUpdates, validateOnly }, 2, quorum);
    expect(send(false, asked('kraft.version', 1), asked('nope', 1)).response.errorCode).toBe(ErrorCode.INVALID_UPDATE_VERSION);
    expect(send(true, asked('kraft.version', 1)).records).toEqual([]);
    expect(raised).toEqual([
      [1, true],
      [1, true],
    ]);
    const { records, response } = send(false, asked('kraft.version', 1));
    expect(response.errorCode).toBe(ErrorCode.NONE);
    expect(records.map(({ type }) => type)).toEqual(['NoOpRecord']);
    expect(raised.at(-1)).toEqual([1, false]);
    expect(send(false, asked('kraft.version', 0)).records).toEqual([]);
  });

  test('says why the quorum does not raise kraft.version', () => {
    const quorum: QuorumFeatures = { kraftVersion: 0, voterIds: [100], raiseKraftVersion: () => 'Voter 7 is away.' };
    expect(update(new TestControls(), 'kraft.version', 1, UPGRADE, quorum)).toEqual([
      ErrorCode.INVALID_UPDATE_VERSION,
      'Invalid update version 1 for feature kraft.version. Voter 7 is away.',
    ]);
  });

  test('refuses what a registered broker or a controller of the quorum does not support', () => {
    const controls = new TestControls();
    const features = [
      { name: 'metadata.version', minSupportedVersion: 7, maxSupportedVersion: 30 },
      { name: 'kraft.version', minSupportedVersion: 0, maxSupportedVersion: 1 },
    ];
    controls.register(1, { features });
    expect(update(controls, 'group.version', 1)[1]).toContain('Broker 1 does not support this feature.');
    const quorum = { ...QUORUM, voterIds: [100, 101] };
    expect(update(new TestControls(), 'group.version', 1, UPGRADE, quorum)[1]).toContain(
      'controller 101 has not registered, and may not support this feature',
    );
  });

  test('refuses a metadata.version that would lose what the log may hold, and takes one that would not', () => {
    const controls = new TestControls();
    expect(update(controls, 'metadata.version', 29, SAFE)).toEqual([
      ErrorCode.INVALID_UPDATE_VERSION,
      'Unsupported metadata.version downgrade from 30 to 29. Refusing to perform the requested downgrade because it might delete metadata information.',
    ]);
    expect(update(controls, 'metadata.version', 29, UNSAFE)[1]).toContain(
      'Unsafe metadata downgrade is not supported in this version.',
    );
    controls.apply([metadataRecord('FeatureLevelRecord', 0, { name: 'metadata.version', featureLevel: 29 })]);
    expect(update(controls, 'metadata.version', 25, SAFE)).toEqual([0, null]);
    expect(update(controls, 'metadata.version', 30)).toEqual([0, null]);
    expect(controls.state.image.features.metadataVersion).toBe(30);
  });

  test('makes min.insync.replicas a config of the cluster before leaders become eligible by it', () => {
    const controls = new TestControls().start(1);
    const configs = [{ name: 'min.insync.replicas', configOperation: 0, value: '2' }];
    controls.commit(
      incrementalAlterConfigs(controls, {
        resources: [{ resourceType: 4, resourceName: '1', configs }],
        validateOnly: false,
      }),
    );
    expect(update(controls, 'eligible.leader.replicas.version', 1)).toEqual([0, null]);
    expect(controls.state.image.configs.ofBroker('').get('min.insync.replicas')).toBe('1');
    expect(controls.state.image.configs.ofBroker('1').size).toBe(0);
    expect(controls.state.isElrEnabled).toBe(true);
  });

  test('refuses eligible leaders below the metadata.version that they need', () => {
    const controls = new TestControls();
    controls.apply([metadataRecord('FeatureLevelRecord', 0, { name: 'metadata.version', featureLevel: 22 })]);
    expect(update(controls, 'eligible.leader.replicas.version', 1)[1]).toBe(
      'Invalid update version 1 for feature eligible.leader.replicas.version. eligible.leader.replicas.version could not be set to 1 because it depends on metadata.version level 23',
    );
  });
});

describe('AllocateProducerIds', () => {
  test('gives out blocks of a thousand, each once', () => {
    const controls = new TestControls().start(1);
    const request = { brokerId: 1, brokerEpoch: controls.epochOf(1) };
    const starts = [1, 2, 3].map(() => controls.commit(allocateProducerIds(controls, request)).producerIdStart);
    expect(starts).toEqual([0, 1000, 2000]);
    expect(controls.state.image.nextProducerId).toBe(3000);
  });

  test('refuses a stale broker, and ends before ids are exact no more', () => {
    const controls = new TestControls().start(1);
    expect(refusalOf(() => allocateProducerIds(controls, { brokerId: 1, brokerEpoch: 7 })).code).toBe(
      ErrorCode.STALE_BROKER_EPOCH,
    );
    controls.apply([
      metadataRecord('ProducerIdsRecord', 0, {
        brokerId: 1,
        brokerEpoch: 1,
        nextProducerId: Number.MAX_SAFE_INTEGER - 500,
      }),
    ]);
    const refusal = refusalOf(() => allocateProducerIds(controls, { brokerId: 1, brokerEpoch: controls.epochOf(1) }));
    expect(refusal.code).toBe(ErrorCode.UNKNOWN_SERVER_ERROR);
  });
});
