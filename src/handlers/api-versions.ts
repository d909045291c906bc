/**
 * ApiVersions: what this broker serves, straight from the registry, so that what is advertised is what works.
 *
 * v3 client software name and version (KIP-511), features in tagged fields (KIP-584). Up to v3 a supported feature whose
 * minimum is 0 is left out, since old clients choke on it (KAFKA-17011). Produce is advertised from 0 on, though served
 * from 3, because librdkafka before 2.11.1 turns off compression otherwise (KAFKA-18659).
 */
import { METADATA_VERSION_FEATURE } from '../../controller/metadata/metadata-version';
import {
  ELR_FEATURE,
  KRAFT_VERSION_FEATURE,
  SUPPORTED_FEATURES,
  type FeatureRanges,
} from '../../controller/metadata/supported-features';
import type { Input } from '../../wire/schema';
import { apis, type ApiName } from '../../wire/api-keys';
import { ErrorCode } from '../../wire/base/error-codes';
import { ApiVersionsRequest, ApiVersionsResponse } from '../../wire/schema/metadata';
import { handler, type ApiHandler } from './handler';

const CLIENT_SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;
const PRODUCE_ADVERTISED_MIN = 0;
const ALL_FEATURES_SINCE = 4;
/** The levels of the metadata, and eligible leaders. Transactions, new groups and the rest appear when they are served. */
const SERVED_FEATURES: FeatureRanges = new Map(
  [METADATA_VERSION_FEATURE, KRAFT_VERSION_FEATURE, ELR_FEATURE].map((name) => [
    name,
    SUPPORTED_FEATURES.get(name) ?? { min: 0, max: 0 },
  ]),
);

type Response = Input<typeof ApiVersionsResponse>;

export function apiVersions(served: () => Iterable<readonly [ApiName, ApiHandler]>): ApiHandler {
  return handler({
    request: ApiVersionsRequest,
    response: ApiVersionsResponse,
    handle(call, request, respond) {
      const namesSoftware = call.apiVersion >= 3;
      if (namesSoftware && !isClientSoftware(request)) {
        respond({ errorCode: ErrorCode.INVALID_REQUEST, apiKeys: [] });
        return;
      }
      const { features, provenance } = call.services.metadata.image;
      const levels = [
        [METADATA_VERSION_FEATURE, features.finalizedMetadataVersion ?? 0],
        [KRAFT_VERSION_FEATURE, call.services.kraftVersion()],
        [ELR_FEATURE, features.level(ELR_FEATURE)],
      ] as const;
      respond({
        errorCode: ErrorCode.NONE,
        apiKeys: advertised(served()),
        supportedFeatures: supportedFeatures(SERVED_FEATURES, call.apiVersion),
        finalizedFeaturesEpoch: provenance.lastContainedOffset,
        finalizedFeatures: levels
          .filter(([, level]) => level > 0)
          .map(([name, level]) => ({ name, maxVersionLevel: level, minVersionLevel: level })),
      });
    },
  });
}

export function isClientSoftware(request: {
  readonly clientSoftwareName: string;
  readonly clientSoftwareVersion: string;
}): boolean {
  return CLIENT_SOFTWARE.test(request.clientSoftwareName) && CLIENT_SOFTWARE.test(request.clientSoftwareVersion);
}

export function supportedFeatures(ranges: FeatureRanges, apiVersion: number): Response['supportedFeatures'] {
  return [...ranges]
    .filter(([, { min }]) => min > 0 || apiVersion >= ALL_FEATURES_SINCE)
    .map(([name, { min, max }]) => ({ name, minVersion: min, maxVersion: max }));
}

export function advertised(
  served: Iterable<readonly [ApiName, { readonly minVersion: number; readonly maxVersion: number }]>,
): Response['apiKeys'] {
  return [...served]
    .map(([name, { minVersion, maxVersion }]) => ({
      apiKey: apis[name].key,
      minVersion: name === 'Produce' ? PRODUCE_ADVERTISED_MIN : minVersion,
      maxVersion,
    }))
    .sort((a, b) => a.apiKey - b.apiKey);
}
