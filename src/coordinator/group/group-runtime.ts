/** The runtime of the group coordinator, and how a request of one kind goes through it. */

import { invariant } from '../../../wire/base/invariant';
import type { CoordinatorRuntime } from '../runtime';
import type { CallContext, Respond } from './coordinator-ports';
import type { CoordinatorRecord } from './group-records';
import type { GroupRequest, GroupResponse, GroupTimer, RequestContext } from './group-requests';

export type GroupRuntime = CoordinatorRuntime<GroupRequest, GroupResponse, GroupTimer, CoordinatorRecord>;

/** The requests that are answered with a body of the same kind. */
type Kind = GroupResponse['kind'];
type BodyOf<K extends Kind> = Extract<GroupResponse, { readonly kind: K }>['body'];

/** Sends `request` to the shard of `partition`; ends in `respond` or in `fail`, once. */
export function submit<K extends Kind>(
  runtime: GroupRuntime,
  partition: number,
  request: Extract<GroupRequest, { readonly kind: K }>,
  respond: Respond<BodyOf<K>>,
  fail: (errorCode: number) => void,
): void {
  runtime.submit(partition, request, {
    fail,
    respond(response) {
      invariant(response.kind === request.kind, `a ${request.kind} was answered with a ${response.kind}`);
      respond(response.body as BodyOf<K>);
    },
  });
}

/** As it lies in records and is shown to tools: Java prints addresses with a slash in front. */
export function requestContext(context: CallContext): RequestContext {
  const { clientId, clientHost, apiVersion } = context;
  return { clientId, apiVersion, clientHost: clientHost.startsWith('/') ? clientHost : `/${clientHost}` };
}
