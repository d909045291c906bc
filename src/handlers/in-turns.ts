/** Work on many things without holding up the loop: in slices of a few milliseconds, each in a turn of its own. */
import type { Services } from '../services';
import type { Call } from './handler';

const SLICE_MS = 5;

/** Maps `items` in order and hands over the results, in this turn when that is quick. What `map` throws ends the request. */
export function mapInTurns<T, R>(
  call: Call<Pick<Services, 'env'>>,
  items: readonly T[],
  map: (item: T) => R,
  done: (results: R[]) => void,
): void {
  const { clock, timers } = call.services.env;
  const results: R[] = [];
  const slice = (): void => {
    const endMs = clock.monotonicMs() + SLICE_MS;
    while (results.length < items.length) {
      results.push(map(items[results.length] as T));
      if (clock.monotonicMs() >= endMs) break;
    }
    if (results.length === items.length) done(results);
    else timers.soon(laterSlice);
  };
  const laterSlice = (): void => {
    try {
      slice();
    } catch (error) {
      call.connection.failed(error);
    }
  };
  slice();
}
