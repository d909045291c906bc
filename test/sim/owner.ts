/**
 * Who an event belongs to: one life of a process, or a part of the world itself.
 *
 * An owner lives once. A process that restarts is another owner under the same name, so nothing of its former life can
 * reach it. Dead owners' events are dropped; those of a paused or busy owner wait.
 */
export interface Owner {
  /** Unique in its scheduler, in order of creation. */
  readonly id: number;
  readonly name: string;
  isDead: boolean;
  isPaused: boolean;
  /** Until then the owner is inside a slow synchronous call, and its events wait. */
  busyUntilMs: number;
  /** Slots of events that came due while the owner was paused, in order. */
  readonly parked: number[];
}
