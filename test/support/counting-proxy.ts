/** Passes connections on to a port on loopback and counts what comes back: which server a client has its records from. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const HOST = '127.0.0.1';

export class CountingProxy {
  /** Where it passes connections on to. */
  targetPort = 0;
  port = 0;
  /** Bytes that the server has sent to clients. */
  answeredBytes = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<CountingProxy> {
    const server = createServer();
    const proxy = new CountingProxy(server);
    server.on('connection', (client) => proxy.pass(client));
    await proxy.listen();
    return proxy;
  }

  /** Takes connections again, on the port that it had before. */
  async listen(): Promise<void> {
    const { server } = this;
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(this.port, HOST, resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  private pass(client: Socket): void {
    const server = connect(this.targetPort, HOST);
    server.on('data', (bytes) => (this.answeredBytes += bytes.length));
    this.sockets.add(client).add(server);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.pipe(other);
      // The end of one is the end of the other, however it came about.
      one.on('error', () => other.destroy());
      one.on('close', () => {
        other.destroy();
        this.sockets.delete(one);
      });
    }
  }

  /** Ends every connection and refuses others, as a host does whose server has died. */
  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
