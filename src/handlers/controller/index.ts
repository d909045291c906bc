/** Every API that a node serves on its controller listeners: for other controllers, for brokers, and for tools (KIP-919). */
import type { Controller } from '../../../controller/control/controller';
import { apis, latestStableVersion, type Api, type ApiName } from '../../../wire/api-keys';
import type { Message } from '../../../wire/schema';
import type { ControllerServices } from '../../controller-services';
import { MetadataImage } from '../../../controller/metadata/image';
import { MetadataCache } from '../../metadata/metadata-cache';
import { describeConfigsWith, type DescribingServices } from '../describe-configs';
import { handler, type ApiHandler } from '../handler';
import { controllerApiVersions } from './api-versions';
import { describeControllers } from './describe-cluster';
import { envelope } from './envelope';
import * as quorum from './quorum';
import { operations, type OperationContext, type OperationName } from './operations';

type Handlers = { readonly [N in ApiName]?: ApiHandler<ControllerServices> };

export const controllerHandlers: Handlers = {
  Vote: quorum.vote,
  BeginQuorumEpoch: quorum.beginQuorumEpoch,
  EndQuorumEpoch: quorum.endQuorumEpoch,
  Fetch: quorum.fetchMetadata,
  FetchSnapshot: quorum.fetchSnapshot,
  DescribeQuorum: quorum.describeQuorum,
  AddRaftVoter: quorum.addRaftVoter,
  RemoveRaftVoter: quorum.removeRaftVoter,
  UpdateRaftVoter: quorum.updateRaftVoter,
  ApiVersions: controllerApiVersions(servedByControllers),
  DescribeCluster: describeControllers,
  DescribeConfigs: describeConfigsWith(describingServices),
  Envelope: envelope((name) => controllerHandlers[name as ApiName]),
  ...operationHandlers(),
};

export function* servedByControllers(): Iterable<readonly [ApiName, ApiHandler<ControllerServices>]> {
  for (const name of Object.keys(apis) as ApiName[]) {
    const found = controllerHandlers[name];
    if (found !== undefined) yield [name, found];
  }
}

function describingServices({ env, config, nodeId, image }: ControllerServices): DescribingServices {
  const metadata = new MetadataCache(config);
  metadata.update(image() ?? new MetadataImage(), config);
  return { env, config, metadata, brokerId: nodeId };
}

function operationHandlers(): Handlers {
  return Object.fromEntries((Object.keys(operations) as OperationName[]).map((name) => [name, operationHandler(name)]));
}

/** An operation whose types have been forgotten: the table's row ties them, the compiler does not follow it. */
type AnyOperation = (controller: Controller, request: unknown, context: OperationContext, respond: unknown) => void;

function operationHandler(name: OperationName): ApiHandler<ControllerServices> {
  const { request, response }: Api = apis[name];
  const operation = operations[name] as unknown as AnyOperation;
  return handler<Message, Message, ControllerServices>({
    request,
    response,
    maxVersion: latestStableVersion(apis[name]),
    handle: (call, asked, respond) => operation(call.services.controller, asked, call, respond),
  });
}
