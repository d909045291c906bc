/**
 * Where a cluster counts its producer ids from once one of its topics has been a mirror (see `mirror.source`): 2^32 ids that
 * no other cluster is likely to use, told by the cluster's id. Below lie the ids that every cluster starts with.
 */
export const FIRST_OWN_PRODUCER_ID = 2 ** 32;
const RANGES = 2 ** 20 - 1;

/** Between 2^32 and 2^52: ids are exact as numbers. */
export function ownProducerIds(clusterId: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < clusterId.length; i++) hash = Math.imul(hash ^ clusterId.charCodeAt(i), 0x01000193);
  return FIRST_OWN_PRODUCER_ID * (1 + ((hash >>> 0) % RANGES));
}
