import { apiByKey, apis, latestStableVersion, requestHeaderVersion, responseHeaderVersion } from '../../wire/api-keys';

describe('the table of APIs', () => {
  test('has the keys of Kafka 4.3, in order, without those of ZooKeeper’s time', () => {
    const keys = Object.values(apis).map((api) => api.key);
    const wanted = Array.from({ length: 93 }, (_, key) => key).filter((key) => key < 4 || key > 7);
    expect(keys).toEqual(wanted);
  });

  test('finds an API by its key, and none where there is none', () => {
    expect(apiByKey(1)).toBe(apis.Fetch);
    for (const key of [-1, 4, 7, 93, 32767]) expect(apiByKey(key)).toBeUndefined();
  });

  test('does not count a version under construction as stable', () => {
    expect(latestStableVersion(apis.InitProducerId)).toBe(5);
    expect(latestStableVersion(apis.Fetch)).toBe(18);
  });
});

describe('header versions', () => {
  test('follow from whether the version is flexible', () => {
    expect([requestHeaderVersion(apis.Fetch, 11), requestHeaderVersion(apis.Fetch, 12)]).toEqual([1, 2]);
    expect([responseHeaderVersion(apis.Fetch, 11), responseHeaderVersion(apis.Fetch, 12)]).toEqual([0, 1]);
  });

  test('of APIs that never became flexible stay the old ones', () => {
    for (const api of [apis.SaslHandshake, apis.OffsetDelete]) {
      expect([requestHeaderVersion(api, 1), responseHeaderVersion(api, 1)]).toEqual([1, 0]);
      expect([requestHeaderVersion(api, 99), responseHeaderVersion(api, 99)]).toEqual([1, 0]);
    }
  });

  test('of ApiVersions responses are 0, and its requests are flexible also in versions that are not known', () => {
    expect([0, 2, 3, 4, 99].map((version) => responseHeaderVersion(apis.ApiVersions, version))).toEqual([
      0, 0, 0, 0, 0,
    ]);
    expect([2, 3, 99].map((version) => requestHeaderVersion(apis.ApiVersions, version))).toEqual([1, 2, 2]);
  });
});
