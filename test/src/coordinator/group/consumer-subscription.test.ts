import { subscribedTopics } from '../../../../src/coordinator/group/consumer-subscription';
import { subscription } from './scene';

describe('the topics in a subscription', () => {
  test('are read whatever a later version added', () => {
    const version3 = Buffer.from(subscription('t', 'u'));
    version3[1] = 3;
    const longer = new Uint8Array(Buffer.concat([version3, Buffer.from([0, 0, 0, 0, 1, 2, 3])]));
    expect(subscribedTopics(longer)).toEqual(['t', 'u']);
  });

  test('may be none', () => {
    expect(subscribedTopics(subscription())).toEqual([]);
  });

  test.each([
    ['no bytes', []],
    ['a negative version', [0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['a count that the bytes do not hold', [0, 0, 0x7f, 0xff, 0xff, 0xff]],
    ['a topic that is cut', [0, 0, 0, 0, 0, 1, 0, 9, 65]],
    ['no user data', [0, 0, 0, 0, 0, 0]],
  ])('are not known from %s', (_, bytes) => {
    expect(subscribedTopics(new Uint8Array(bytes))).toBeNull();
  });
});
