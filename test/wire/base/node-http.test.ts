/** The HTTP listener for whoever watches, over real sockets. */
import { connect } from 'node:net';
import { listenHttp } from '../../../wire/base/node-http';

describe('the listener for whoever watches', () => {
  test('ends the connection of a client that does not read its answer, which would hold one of the few', async () => {
    const large = async () => ({ status: 200, contentType: 'text/plain', body: [Buffer.alloc(8 * 1024 * 1024)] });
    const listener = await listenHttp('127.0.0.1', 0, large, 300);
    const socket = connect(listener.port, '127.0.0.1');
    socket.pause();
    socket.write('GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n');
    // Who does not read hears of the end only by writing.
    const knocking = setInterval(() => socket.write('x'), 20);
    try {
      const code = await new Promise<string | undefined>((resolve) => socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code)));
      expect(['ECONNRESET', 'EPIPE']).toContain(code);
    } finally {
      clearInterval(knocking);
      socket.destroy();
      await listener.close();
    }
  });
});
