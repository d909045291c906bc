/** A value that is completed is what it would be after it has gone over the wire. */
import { apis } from '../../wire/api-keys';
import { decode, encode } from '../../wire/codec';
import { withDefaults } from '../../wire/with-defaults';

test('fields that are left out get their defaults, in structs and in elements of arrays', () => {
  const { request } = apis.AlterPartition;
  const value = {
    brokerId: 1,
    topics: [
      {
        topicId: 'abcdefghijklmnopqrstuw',
        partitions: [{ partitionIndex: 0, leaderEpoch: 2, partitionEpoch: 3, newIsrWithEpochs: [{ brokerId: 1 }] }],
      },
    ],
  };
  expect(withDefaults(request, value)).toEqual(decode(request, 3, encode(request, 3, value)));
  const update = {
    clusterId: null,
    currentLeaderEpoch: 1,
    voterId: 1,
    voterDirectoryId: 'abcdefghijklmnopqrstuw',
    listeners: [],
    kRaftVersionFeature: { minSupportedVersion: 0, maxSupportedVersion: 1 },
  };
  const { request: voter, response } = apis.UpdateRaftVoter;
  expect(withDefaults(voter, update)).toEqual(decode(voter, 0, encode(voter, 0, update)));
  expect(withDefaults(response, { errorCode: 0 })).toEqual(decode(response, 0, encode(response, 0, { errorCode: 0 })));
});
