/**
 * What a client may do, as the bit fields of Metadata, DescribeCluster and DescribeGroups (KIP-430). Without an authorizer
 * everybody may do everything that the kind of resource knows.
 */

/** The field's default: the client did not ask. */
export const NOT_ASKED = -2147483648;

const Operation = {
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  clusterAction: 9,
  describeConfigs: 10,
  alterConfigs: 11,
  idempotentWrite: 12,
} as const;

function bits(...operations: readonly number[]): number {
  return operations.reduce((field, operation) => field | (1 << operation), 0);
}

const { read, write, create, alter, describe, clusterAction, describeConfigs, alterConfigs, idempotentWrite } =
  Operation;

export const TOPIC_OPERATIONS = bits(
  read,
  write,
  create,
  Operation.delete,
  alter,
  describe,
  describeConfigs,
  alterConfigs,
);
export const CLUSTER_OPERATIONS = bits(
  create,
  alter,
  describe,
  clusterAction,
  describeConfigs,
  alterConfigs,
  idempotentWrite,
);
export const GROUP_OPERATIONS = bits(read, Operation.delete, describe, describeConfigs, alterConfigs);
