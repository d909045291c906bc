/** ListGroups, DescribeGroups and DeleteGroups: one request, many partitions. */

import { ErrorCode } from '../../../wire/base/error-codes';
import type {
  DeleteGroupsRequest,
  DeleteGroupsResponse,
  DescribeGroupsRequest,
  DescribeGroupsResponse,
  ListGroupsRequest,
  ListGroupsResponse,
} from '../../../wire/schema/group-admin';
import { ALLOWS_EVERYTHING, type CallContext, type Respond } from './coordinator-ports';
import type { DeletedGroup, DescribedGroup, ListedGroup } from './group-requests';
import { type GroupRuntime, submit } from './group-runtime';

const NO_AUTHORIZED_OPERATIONS = -2147483648;

/** The groups of the partitions led here. One that is still loading makes the whole answer wait for a retry. */
export function listGroups(
  runtime: GroupRuntime,
  context: CallContext,
  request: ListGroupsRequest,
  respond: Respond<ListGroupsResponse>,
): void {
  const { authorizer = ALLOWS_EVERYTHING } = context;
  if (!runtime.isServing) {
    return respond({ throttleTimeMs: 0, errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE, groups: [] });
  }
  const groups: ListedGroup[] = [];
  let failure: number = ErrorCode.NONE;
  const partitions = runtime.partitionsLed;
  let missing = partitions.length;
  const answer = (): void => {
    const seesAll = authorizer.mayDescribeCluster();
    const visible = groups.filter(({ groupId }) => seesAll || authorizer.mayUseGroup('DESCRIBE', groupId));
    respond({ throttleTimeMs: 0, errorCode: failure, groups: failure === ErrorCode.NONE ? visible : [] });
  };
  if (missing === 0) return answer();
  const one = (): void => {
    missing--;
    if (missing === 0) answer();
  };
  const { statesFilter, typesFilter } = request;
  for (const partition of partitions) {
    submit(
      runtime,
      partition,
      { kind: 'listGroups', statesFilter, typesFilter },
      (found) => {
        for (const group of found) groups.push(group);
        one();
      },
      (errorCode) => {
        // It went to another broker meanwhile, which lists it.
        if (errorCode !== ErrorCode.NOT_COORDINATOR) failure = errorCode;
        one();
      },
    );
  }
}

export function describeGroups(
  runtime: GroupRuntime,
  context: CallContext,
  request: DescribeGroupsRequest,
  respond: Respond<DescribeGroupsResponse>,
): void {
  const { authorizer = ALLOWS_EVERYTHING, apiVersion } = context;
  const allowed = request.groups.filter((groupId) => authorizer.mayUseGroup('DESCRIBE', groupId));
  perPartition<DescribedGroup>(
    runtime,
    allowed,
    (partition, groupIds, done, fail) =>
      submit(runtime, partition, { kind: 'describeGroups', groupIds, apiVersion }, done, fail),
    undescribed,
    (found) => {
      const groups = request.groups.map(
        (groupId) => found.get(groupId) ?? undescribed(groupId, ErrorCode.GROUP_AUTHORIZATION_FAILED),
      );
      respond({ throttleTimeMs: 0, groups });
    },
  );
}

export function deleteGroups(
  runtime: GroupRuntime,
  context: CallContext,
  request: DeleteGroupsRequest,
  respond: Respond<DeleteGroupsResponse>,
): void {
  const { authorizer = ALLOWS_EVERYTHING } = context;
  const asked = [...new Set(request.groupsNames)];
  const allowed = asked.filter((groupId) => authorizer.mayUseGroup('DELETE', groupId));
  perPartition<DeletedGroup>(
    runtime,
    allowed,
    (partition, groupIds, done, fail) => submit(runtime, partition, { kind: 'deleteGroups', groupIds }, done, fail),
    (groupId, errorCode) => ({ groupId, errorCode }),
    (found) => {
      const results = asked.map(
        (groupId) => found.get(groupId) ?? { groupId, errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED },
      );
      respond({ throttleTimeMs: 0, results });
    },
  );
}

/** Asks each partition for its groups and gathers the answers by group id. */
function perPartition<Answer extends { readonly groupId: string }>(
  runtime: GroupRuntime,
  groupIds: readonly string[],
  ask: (
    partition: number,
    groupIds: readonly string[],
    done: (answers: readonly Answer[]) => void,
    fail: (errorCode: number) => void,
  ) => void,
  failed: (groupId: string, errorCode: number) => Answer,
  done: (answers: ReadonlyMap<string, Answer>) => void,
): void {
  const byPartition = new Map<number, string[]>();
  for (const groupId of groupIds) {
    const partition = runtime.partitionOf(groupId);
    const list = byPartition.get(partition);
    if (list === undefined) byPartition.set(partition, [groupId]);
    else list.push(groupId);
  }
  const answers = new Map<string, Answer>();
  let missing = byPartition.size;
  if (missing === 0) return done(answers);
  const gather = (some: readonly Answer[]): void => {
    for (const answer of some) answers.set(answer.groupId, answer);
    missing--;
    if (missing === 0) done(answers);
  };
  for (const [partition, ids] of byPartition) {
    ask(partition, ids, gather, (errorCode) => gather(ids.map((groupId) => failed(groupId, errorCode))));
  }
}

function undescribed(groupId: string, errorCode: number): DescribedGroup {
  return {
    errorCode,
    errorMessage: null,
    groupId,
    groupState: '',
    protocolType: '',
    protocolData: '',
    members: [],
    authorizedOperations: NO_AUTHORIZED_OPERATIONS,
  };
}
