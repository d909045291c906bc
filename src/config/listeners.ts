/**
 * Listeners: `NAME://host:port` lists, their security protocols, and the addresses that clients are told.
 *
 * An empty host, 0.0.0.0 or [::] means every interface. Without advertised.listeners such a listener is advertised as
 * localhost, which is what a client on this machine can reach; clients elsewhere need advertised.listeners.
 */

export const SECURITY_PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const;
export type SecurityProtocol = (typeof SECURITY_PROTOCOLS)[number];

export interface Endpoint {
  /** Upper case, as Kafka compares them. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

export interface ListenerConfig extends Endpoint {
  readonly securityProtocol: SecurityProtocol;
  readonly isController: boolean;
  readonly advertisedHost: string;
  /** 0: the port that the listener gets. */
  readonly advertisedPort: number;
}

/** A value, or the sentence that says what is wrong. */
export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

const ENDPOINT = /^([^:/?#]+):\/\/(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/;
const EVERY_INTERFACE = new Set(['', '0.0.0.0', '::', '0:0:0:0:0:0:0:0']);

export function isEveryInterface(host: string): boolean {
  return EVERY_INTERFACE.has(host);
}

/** Parses a list of `NAME://host:port`; `key` is named in what is said about a bad one. */
export function parseEndpoints(key: string, entries: readonly string[]): Checked<readonly Endpoint[]> {
  const endpoints: Endpoint[] = [];
  for (const entry of entries) {
    const match = ENDPOINT.exec(entry);
    const port = Number(match?.[4]);
    if (match?.[1] === undefined || port > 65535) {
      return refused(
        `Invalid value ${entry} for configuration ${key}: it must be like NAME://host:port, port 0 to 65535.`,
      );
    }
    endpoints.push({ name: match[1].toUpperCase(), host: match[2] ?? match[3] ?? '', port });
  }
  const repeated = endpoints.find((endpoint, at) => endpoints.findIndex(({ name }) => name === endpoint.name) !== at);
  if (repeated !== undefined)
    return refused(`Each listener must have a different name, ${key} has ${repeated.name} twice.`);
  return { ok: true, value: endpoints };
}

/** Parses `NAME:PROTOCOL,...`. */
export function parseProtocolMap(text: string): Checked<ReadonlyMap<string, SecurityProtocol>> {
  const protocols = new Map<string, SecurityProtocol>();
  for (const entry of text.split(',').map((each) => each.trim())) {
    if (entry === '') continue;
    const [name = '', protocol = ''] = entry.split(':', 2).map((part) => part.trim().toUpperCase());
    if (name === '' || !isSecurityProtocol(protocol)) {
      const allowed = `NAME:PROTOCOL, with a protocol of ${SECURITY_PROTOCOLS.join(', ')}`;
      return refused(
        `Invalid value ${entry} for configuration listener.security.protocol.map: it must be like ${allowed}.`,
      );
    }
    protocols.set(name, protocol);
  }
  return { ok: true, value: protocols };
}

/** What the listener keys say, as they stand in a configuration. */
export interface ListenerKeys {
  readonly listeners: readonly string[];
  readonly advertisedListeners: readonly string[] | null;
  readonly controllerListenerNames: readonly string[];
  readonly protocolMap: string;
  /** Whether somebody has set the map; else an unmapped controller listener is plain text, as in Kafka. */
  readonly isProtocolMapSet: boolean;
}

/** Puts the listener keys together: one entry per listener, with its protocol and what clients are told. */
export function resolveListeners(keys: ListenerKeys): Checked<readonly ListenerConfig[]> {
  const bound = parseEndpoints('listeners', keys.listeners);
  if (!bound.ok) return bound;
  const advertised = parseEndpoints('advertised.listeners', keys.advertisedListeners ?? []);
  if (!advertised.ok) return advertised;
  const protocols = parseProtocolMap(keys.protocolMap);
  if (!protocols.ok) return protocols;
  const problem = portProblem(bound.value) ?? advertisedProblem(bound.value, advertised.value);
  if (problem !== null) return refused(problem);

  const controllers = new Set(keys.controllerListenerNames.map((name) => name.toUpperCase()));
  const plainControllers = !keys.isProtocolMapSet && [...controllers].every((name) => !isSecurityProtocol(name));
  const listeners: ListenerConfig[] = [];
  for (const endpoint of bound.value) {
    const isController = controllers.has(endpoint.name);
    const protocol = protocols.value.get(endpoint.name) ?? (isController && plainControllers ? 'PLAINTEXT' : undefined);
    if (protocol === undefined) {
      return refused(
        `No security protocol is defined for listener ${endpoint.name}: add it to listener.security.protocol.map.`,
      );
    }
    const told = advertised.value.find(({ name }) => name === endpoint.name) ?? reachableHere(endpoint);
    listeners.push({
      ...endpoint,
      securityProtocol: protocol,
      isController,
      advertisedHost: told.host,
      advertisedPort: told.port,
    });
  }
  return { ok: true, value: listeners };
}

function reachableHere(endpoint: Endpoint): Endpoint {
  return isEveryInterface(endpoint.host) ? { ...endpoint, host: 'localhost' } : endpoint;
}

/** Two listeners may share a port only as one IPv4 and one IPv6 address. */
function portProblem(endpoints: readonly Endpoint[]): string | null {
  for (const [at, one] of endpoints.entries()) {
    const other = endpoints.slice(at + 1).find(({ port }) => port !== 0 && port === one.port);
    if (other === undefined || one.host.includes(':') !== other.host.includes(':')) continue;
    return `Each listener must have a different port, listeners has ${one.port} for ${one.name} and for ${other.name}.`;
  }
  return null;
}

function advertisedProblem(bound: readonly Endpoint[], advertised: readonly Endpoint[]): string | null {
  for (const endpoint of advertised) {
    if (!bound.some(({ name }) => name === endpoint.name)) {
      return `advertised.listeners has ${endpoint.name}, which is not in listeners (${bound.map(({ name }) => name).join(', ')}).`;
    }
    if (isEveryInterface(endpoint.host)) {
      const shown = endpoint.host === '' ? 'no host' : `the host ${endpoint.host}`;
      return `advertised.listeners has ${shown} for ${endpoint.name}: give the name or address that clients connect to.`;
    }
  }
  return null;
}

function isSecurityProtocol(name: string): name is SecurityProtocol {
  return (SECURITY_PROTOCOLS as readonly string[]).includes(name);
}

function refused(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}
