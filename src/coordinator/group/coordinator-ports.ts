/** What the group coordinator asks of the broker around it: topics, rights, and who calls. Pure: types only. */

/** The topics of the cluster, as this broker's metadata knows them. */
export interface TopicLookup {
  /** Null: no such topic. */
  topicId(name: string): string | null;
  /** Null: no topic has this id. */
  topicName(topicId: string): string | null;
  hasPartition(name: string, partition: number): boolean;
}

/** What the caller may do. */
export interface GroupAuthorizer {
  mayUseGroup(operation: 'READ' | 'DESCRIBE' | 'DELETE', groupId: string): boolean;
  mayUseTopic(operation: 'READ' | 'DESCRIBE', topic: string): boolean;
  mayDescribeCluster(): boolean;
}

export interface CallContext {
  readonly clientId: string;
  /** The client's address, as `10.1.2.3`. */
  readonly clientHost: string;
  readonly apiVersion: number;
  /** Left out where there is no authorization: everything is allowed. */
  readonly authorizer?: GroupAuthorizer;
}

export const ALLOWS_EVERYTHING: GroupAuthorizer = {
  mayUseGroup: () => true,
  mayUseTopic: () => true,
  mayDescribeCluster: () => true,
};

export type Respond<Body> = (body: Body) => void;
