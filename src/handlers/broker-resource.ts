/** Which broker a config resource of type broker means: '' is what all have as default, else it must be this one. */
import type { Call } from './handler';

export function isOtherBroker(call: Call, resourceName: string): boolean {
  if (resourceName === '') return false;
  return !/^[+-]?\d+$/.test(resourceName) || Number(resourceName) !== call.services.brokerId;
}

export function otherBrokerMessage(call: Call, resourceName: string): string {
  return `Unexpected broker id, expected ${call.services.brokerId} or empty string, but received ${resourceName}`;
}
