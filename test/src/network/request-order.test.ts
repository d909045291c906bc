import { InvariantViolation } from '../../../wire/base/invariant';
import { RequestOrder } from '../../../src/network/request-order';

describe('the order of requests', () => {
  test('lets the next one begin when all before it are answered', () => {
    const order = new RequestOrder<string>(10);
    expect(order.mayBegin(false)).toBe(true);
    const slot = order.begin(1, false);
    expect([order.mayBegin(false), order.mayBegin(true)]).toEqual([false, false]);
    const left: string[] = [];
    order.complete(slot, 'one', (_slot, response) => left.push(response));
    expect([left, order.inFlight]).toEqual([['one'], 0]);
    expect(order.mayBegin(true)).toBe(true);
  });

  test('lets those overlap that may, within the bound, and answers in order', () => {
    const order = new RequestOrder<string>(3);
    const slots = [order.begin(1, true), order.begin(2, true), order.begin(3, true)];
    expect([order.mayBegin(true), order.mayBegin(false)]).toEqual([false, false]);
    const left: string[] = [];
    const complete = (index: number, response: string | null): void =>
      order.complete(slots[index]!, response, (slot, ready) => left.push(`${slot.correlationId}:${ready}`));
    complete(2, 'three');
    complete(1, null);
    expect([left, order.unanswered]).toEqual([[], 1]);
    complete(0, 'one');
    expect(left).toEqual(['1:one', '3:three']);
    expect(order.inFlight).toBe(0);
  });

  test('knows a request that is begun out of order, or answered twice, for a bug', () => {
    const order = new RequestOrder<string>(3);
    const slot = order.begin(1, false);
    expect(() => order.begin(2, true)).toThrow(InvariantViolation);
    order.complete(slot, 'one', () => undefined);
    expect(() => order.complete(slot, 'again', () => undefined)).toThrow(InvariantViolation);
  });

  test('drops the responses that wait for their turn when it is abandoned', () => {
    const order = new RequestOrder<string>(3);
    const first = order.begin(1, true);
    order.complete(order.begin(2, true), 'two', () => undefined);
    const dropped: string[] = [];
    order.abandon((response) => dropped.push(response));
    expect([dropped, order.inFlight]).toEqual([['two'], 0]);
    const late: string[] = [];
    order.complete(first, 'one', (_slot, response) => late.push(response));
    expect(late).toEqual([]);
  });
});
