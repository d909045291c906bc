/** What the load generator can be asked to do: plain data, since it goes to another process. */
import type { BatchShape } from './payload';
import type { Window } from './gauge';

export interface ProduceWork {
  readonly kind: 'produce';
  readonly batch: BatchShape;
  readonly partitions: number;
  readonly connections: number;
  /** Requests in flight on each connection. */
  readonly inFlight: number;
  /** Of the topic; more than 1: each partition's requests go to its leader, wherever that is. Default: 1. */
  readonly replicas?: number;
  /** Default: 1. */
  readonly acks?: 1 | -1;
}

export interface FetchWork {
  readonly kind: 'fetch';
  readonly batch: BatchShape;
  readonly partitions: number;
  readonly connections: number;
  readonly maxBytes: number;
  readonly partitionMaxBytes: number;
  /** How much is produced first and then read again and again. */
  readonly preloadBytes: number;
}

export type LoadWork = ProduceWork | FetchWork;

export interface LoadJob {
  readonly host: string;
  readonly port: number;
  readonly brokerPid: number;
  /** Of the other brokers of a cluster. */
  readonly otherPids?: readonly number[];
  readonly topic: string;
  readonly topicConfigs: Readonly<Record<string, string>>;
  readonly work: LoadWork;
  readonly warmUpSeconds: number;
  readonly windowSeconds: number;
}

export interface LoadResult {
  readonly window: Window;
  readonly apiVersion: number;
  readonly batchBytes: number;
  readonly recordsPerBatch: number;
  /** Of the batch, before and after its codec. */
  readonly compressionRatio: number;
}

export type LoadAnswer =
  | { readonly ok: true; readonly result: LoadResult }
  | { readonly ok: false; readonly reason: string };
