import { ApiMetrics, STAGES } from '../../../src/network/request-metrics';
import { RequestTimes } from '../../../src/network/request-times';

const sums = (api: ApiMetrics): Record<string, number> => Object.fromEntries(STAGES.map((stage) => [stage, api[stage].sumMs]));

describe('the times of a connection\'s requests', () => {
  test('are those of its stages, and the whole', () => {
    const times = new RequestTimes();
    const api = new ApiMetrics('Produce');
    times.read(100);
    const timed = times.begun(api, 103);
    timed.handledMs = 110;
    times.responded(timed, 130, true);
    times.enqueued(timed, 130, 50);
    times.sent(49, 135);
    expect(api.total.count).toBe(0);
    times.sent(1, 140);
    expect(sums(api)).toEqual({ queue: 3, local: 7, remote: 20, response: 10, total: 40 });
  });

  test('count a request that had to wait from the read that brought it, and only that one', () => {
    const times = new RequestTimes();
    const api = new ApiMetrics('Fetch');
    times.read(0);
    times.held();
    times.read(50);
    times.held();
    times.begun(api, 60);
    const [first, second] = [times.begun(api, 60), times.begun(api, 60)];
    expect([first.readMs, second.readMs]).toEqual([50, 50]);
  });

  test('of a request without an answer end when it is handled', () => {
    const times = new RequestTimes();
    const api = new ApiMetrics('Produce');
    times.read(0);
    times.responded(times.begun(api, 1), 4, false);
    expect(sums(api)).toEqual({ queue: 1, local: 3, remote: 0, response: 0, total: 4 });
  });

  test('keep responses apart that leave together, however many wait', () => {
    const times = new RequestTimes();
    const api = new ApiMetrics('Produce');
    times.read(0);
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 9; i++) times.enqueued(times.begun(api, 0), i, 10);
      times.sent(45, 20);
      times.sent(45, 30);
    }
    expect(api.response.count).toBe(27);
    // Four leave at 20, five at 30.
    expect(api.response.sumMs).toBe(3 * (4 * 20 - 6 + 5 * 30 - 30));
  });
});
