/** The process that has started this one as a node of `moldau cluster`, if one has. */
import type { RunningBroker } from '../running-broker';

/** Set for the nodes of `moldau cluster`; others may have a parent too that knows nothing of this. */
export const CHILD_VARIABLE = 'MOLDAU_CLUSTER_CHILD';

export interface FromChild {
  readonly moldau: 'ready' | 'left';
}

export interface ToChild {
  readonly moldau: 'leave';
}

/** Tells the parent that this node is ready, does what it asks for, and ends in order when it is gone. */
export function servesParent(broker: RunningBroker, failed: (error: unknown) => void): void {
  if (process.env[CHILD_VARIABLE] === undefined || process.send === undefined) return;
  const tell = (message: FromChild): void => void process.send?.(message, () => undefined);
  process.on('message', (message: ToChild) => {
    if (message.moldau === 'leave') broker.leave().then(() => tell({ moldau: 'left' }), failed);
  });
  process.on('disconnect', () => {
    broker.stop().catch(failed);
  });
  tell({ moldau: 'ready' });
}
