/** Whom a request of DescribeCluster means to ask, brokers or controllers (KIP-919), and the answer to one who asks the wrong. */
import type { Input } from '../../wire/schema';
import type { DescribeClusterResponse } from '../../wire/schema/metadata';
import { ErrorCode } from '../../wire/base/error-codes';

export const EndpointType = { brokers: 1, controllers: 2 } as const;

const NAMES: Readonly<Record<number, string>> = { 1: 'BROKER', 2: 'CONTROLLER' };
/** Before, a request could not say whom it means. */
const TYPES_SINCE = 1;

/** Null when `asked` is what this listener is. */
export function wrongEndpoint(
  asked: number,
  here: number,
  apiVersion: number,
): Input<typeof DescribeClusterResponse> | null {
  if (asked === here) return null;
  const nothing = { clusterId: '', brokers: [] };
  const code = (since: number): number => (apiVersion < TYPES_SINCE ? ErrorCode.INVALID_REQUEST : since);
  if (NAMES[asked] === undefined) {
    const errorMessage = `Unsupported endpoint type ${asked}`;
    return { errorCode: code(ErrorCode.UNSUPPORTED_ENDPOINT_TYPE), errorMessage, ...nothing };
  }
  const errorMessage = `The request was sent to an endpoint of type ${NAMES[here]}, but we wanted an endpoint of type ${NAMES[asked]}`;
  return { errorCode: code(ErrorCode.MISMATCHED_ENDPOINT_TYPE), errorMessage, ...nothing };
}
