import { apis } from '../../wire/api-keys';
import { encode } from '../../wire/codec';
import {
  decodeRequestHeader,
  decodeResponseHeader,
  encodeRequestHeader,
  encodeResponseHeader,
} from '../../wire/header';
import { RequestHeader, ResponseHeader } from '../../wire/schema/header';

describe('headers', () => {
  test.each([
    [apis.Fetch, 11, 1],
    [apis.Fetch, 12, 2],
    [apis.ApiVersions, 3, 2],
    [apis.OffsetDelete, 0, 1],
  ] as const)('of requests are those of the schema (%#)', (api, apiVersion, headerVersion) => {
    for (const clientId of ['client-é', '', null]) {
      const bytes = encodeRequestHeader(api, apiVersion, -5, clientId);
      const value = { requestApiKey: api.key, requestApiVersion: apiVersion, correlationId: -5, clientId };
      expect(bytes).toEqual(encode(RequestHeader, headerVersion, value));
      const wanted = { apiKey: api.key, apiVersion, correlationId: -5, clientId, bodyOffset: bytes.length };
      expect(decodeRequestHeader(Buffer.concat([bytes, Buffer.alloc(9)]))).toEqual(wanted);
    }
  });

  test.each([0, 1] as const)('of responses are those of the schema (v%d)', (version) => {
    const bytes = encodeResponseHeader(77, version);
    expect(bytes).toEqual(encode(ResponseHeader, version, { correlationId: 77 }));
    expect(decodeResponseHeader(bytes, version)).toEqual({ correlationId: 77, bodyOffset: bytes.length });
  });

  test('of an API that is not known is read as version 1', () => {
    const bytes = Buffer.from('7fff' + '0003' + '00000001' + 'ffff' + '0102', 'hex');
    expect(decodeRequestHeader(bytes)).toEqual({
      apiKey: 0x7fff,
      apiVersion: 3,
      correlationId: 1,
      clientId: null,
      bodyOffset: 10,
    });
  });
});
