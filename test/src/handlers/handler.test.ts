import { handler } from '../../../src/handlers/handler';
import type { Call } from '../../../src/handlers/handler';
import { DecodeError } from '../../../wire/base/errors';
import { encode } from '../../../wire/codec';
import { MetadataRequest, MetadataResponse } from '../../../wire/schema/metadata';

const VERSION = 9;

function handled(topics: number): number {
  let seen = -1;
  const metadata = handler({
    request: MetadataRequest,
    response: MetadataResponse,
    handle: (_call, request) => {
      seen = request.topics?.length ?? 0;
    },
  });
  const names = Array.from({ length: topics }, () => ({ name: 'a' }));
  const body = encode(MetadataRequest, VERSION, { topics: names });
  metadata.handle({ apiVersion: VERSION } as unknown as Call, body, () => undefined);
  return seen;
}

describe('a request', () => {
  test('may name hundreds of thousands of things', () => {
    expect(handled(400_000)).toBe(400_000);
  });

  test('of millions of tiny elements is refused before they fill the heap and hold the loop', () => {
    expect(() => handled(2_000_000)).toThrow(DecodeError);
  });
});
