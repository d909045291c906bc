/**
 * ApiVersions of a controller: what its listeners serve, the features that it can run at, and those that the cluster has
 * finalized, kraft.version among them (KIP-919, KIP-853): a leader asks a new voter for them.
 */
import { KRAFT_VERSION_FEATURE, SUPPORTED_FEATURES } from '../../../controller/metadata/supported-features';
import type { ApiName } from '../../../wire/api-keys';
import { ErrorCode } from '../../../wire/base/error-codes';
import type { Input } from '../../../wire/schema';
import { ApiVersionsRequest, ApiVersionsResponse } from '../../../wire/schema/metadata';
import type { ControllerServices } from '../../controller-services';
import { advertised, isClientSoftware, supportedFeatures } from '../api-versions';
import { handler, type ApiHandler, type Call } from '../handler';

export function controllerApiVersions(
  served: () => Iterable<readonly [ApiName, ApiHandler<ControllerServices>]>,
): ApiHandler<ControllerServices> {
  return handler({
    request: ApiVersionsRequest,
    response: ApiVersionsResponse,
    handle(call: Call<ControllerServices>, request, respond) {
      if (call.apiVersion >= 3 && !isClientSoftware(request)) {
        respond({ errorCode: ErrorCode.INVALID_REQUEST, apiKeys: [] });
        return;
      }
      respond({
        errorCode: ErrorCode.NONE,
        apiKeys: advertised(served()),
        supportedFeatures: supportedFeatures(SUPPORTED_FEATURES, call.apiVersion),
        ...finalized(call.services),
      });
    },
  });
}

function finalized({ image, raft }: ControllerServices): Pick<
  Input<typeof ApiVersionsResponse>,
  'finalizedFeaturesEpoch' | 'finalizedFeatures'
> {
  const known = image();
  if (known === null) return { finalizedFeaturesEpoch: -1, finalizedFeatures: [] };
  const levels = [...known.features.all(), [KRAFT_VERSION_FEATURE, raft.kraftVersion] as const];
  return {
    finalizedFeaturesEpoch: known.provenance.lastContainedOffset,
    finalizedFeatures: levels
      .filter(([, level]) => level > 0)
      .map(([name, level]) => ({ name, maxVersionLevel: level, minVersionLevel: level })),
  };
}
