/** Which broker a config resource of type broker means: '' is what all have as default, else it must be this one. */
import type { Services } from '../services';

type WithId = Pick<Services, 'brokerId'>;

export function isOtherBroker(services: WithId, resourceName: string): boolean {
  if (resourceName === '') return false;
  return !/^[+-]?\d+$/.test(resourceName) || Number(resourceName) !== services.brokerId;
}

export function otherBrokerMessage(services: WithId, resourceName: string): string {
  return `Unexpected broker id, expected ${services.brokerId} or empty string, but received ${resourceName}`;
}
