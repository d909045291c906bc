/** A JoinGroup on its way through the rules of join.ts and static-members.ts. Pure. */

import type { JoinGroupRequest } from '../../../wire/schema/group';
import type { RequestToken } from '../shard-machine';
import type { MemberTimeouts } from './classic-member';
import type { RequestContext } from './group-requests';

export interface Join {
  readonly token: RequestToken;
  readonly context: RequestContext;
  readonly request: JoinGroupRequest;
}

/** v0 has no rebalance timeout: the session timeout counts twice. */
export function timeoutsOf(join: Join): MemberTimeouts {
  const { sessionTimeoutMs, rebalanceTimeoutMs } = join.request;
  return {
    sessionTimeoutMs,
    rebalanceTimeoutMs: join.context.apiVersion === 0 ? sessionTimeoutMs : rebalanceTimeoutMs,
  };
}

export function withReason(why: string, clientReason: string | null): string {
  return `${why}; client reason: ${clientReason === null || clientReason === '' ? 'not provided' : clientReason}`;
}
