/**
 * Where a broker's static configuration comes from, later layers over earlier ones: defaults of a node that was given no
 * file, the file, environment variables with Apache Kafka's image's rules, --override flags.
 */

/** Values of one origin. `origin` says it to people: "server.properties", "--override". */
export interface ConfigLayer {
  readonly origin: string;
  readonly texts: ReadonlyMap<string, string>;
  /** Nobody has asked for these values, so nobody is warned about them. */
  readonly isImplied?: true;
}

/** What a single node needs when nobody has said anything: it is a quorum of one, and its topics have one replica. */
export const NODE_DEFAULTS: ConfigLayer = {
  origin: 'the defaults of a single node',
  isImplied: true,
  texts: new Map([
    ['process.roles', 'broker,controller'],
    ['node.id', '1'],
    ['controller.listener.names', 'CONTROLLER'],
    ['log.dirs', './data'],
    ['offsets.topic.replication.factor', '1'],
    ['transaction.state.log.replication.factor', '1'],
    ['transaction.state.log.min.isr', '1'],
    ['share.coordinator.state.topic.replication.factor', '1'],
    ['share.coordinator.state.topic.min.isr', '1'],
  ]),
};

const DEFAULT_LISTENERS = { broker: 'PLAINTEXT://localhost:9092', controller: 'CONTROLLER://localhost:9093' } as const;

/** Variables that the image keeps for the JVM and its logging; they are no keys. */
const NOT_KEYS = new Set([
  'KAFKA_VERSION',
  'KAFKA_HEAP_OPTS',
  'KAFKA_OPTS',
  'KAFKA_JMX_OPTS',
  'KAFKA_JMX_HOSTNAME',
  'KAFKA_JMX_PORT',
  'KAFKA_JVM_PERFORMANCE_OPTS',
  'KAFKA_GC_LOG_OPTS',
  'KAFKA_TOOLS_LOG4J_LOGLEVEL',
]);

/** KAFKA_NUM_PARTITIONS=3 -> num.partitions=3: `___` is a dash, `__` an underscore, `_` a dot. */
export function environmentLayer(environment: Readonly<Record<string, string | undefined>>): ConfigLayer {
  const texts = new Map<string, string>();
  for (const [variable, value] of Object.entries(environment)) {
    if (value === undefined || !variable.startsWith('KAFKA_') || isForTheJvm(variable)) continue;
    texts.set(environmentKey(variable), value);
  }
  return { origin: 'the environment', texts };
}

export function environmentKey(variable: string): string {
  const dotted = variable.slice('KAFKA_'.length).toLowerCase().replaceAll('_', '.');
  return dotted.replaceAll('...', '-').replaceAll('..', '_');
}

function isForTheJvm(variable: string): boolean {
  return NOT_KEYS.has(variable) || variable.startsWith('KAFKA_LOG4J_');
}

/** `key=value` flags; the text after the first `=` is the value. A flag without `=` is returned as `bad`. */
export function overrideLayer(flags: readonly string[]): {
  readonly layer: ConfigLayer;
  readonly bad: readonly string[];
} {
  const texts = new Map<string, string>();
  const bad: string[] = [];
  for (const flag of flags) {
    const at = flag.indexOf('=');
    if (at <= 0) bad.push(flag);
    else texts.set(flag.slice(0, at).trim(), flag.slice(at + 1).trim());
  }
  return { layer: { origin: '--override', texts }, bad };
}

/**
 * The layers of a node without a file: `given` (environment, overrides) over the defaults. Listeners follow the roles. A
 * node that is its own quorum and moves its listeners need not think of the controller's: it gets a free port.
 */
export function withNodeDefaults(given: readonly ConfigLayer[]): readonly ConfigLayer[] {
  const valueOf = (key: string) => given.findLast(({ texts }) => texts.has(key))?.texts.get(key);
  const roles = (valueOf('process.roles') ?? 'broker,controller').split(',').map((role) => role.trim());
  const listeners = valueOf('listeners');
  if (listeners === undefined) {
    const names = (['broker', 'controller'] as const).filter((role) => roles.includes(role));
    const byRole = names.map((role) => DEFAULT_LISTENERS[role]).join(',');
    return [withTexts(NODE_DEFAULTS, 'listeners', byRole), ...given];
  }
  const isOwnQuorum = !valueOf('controller.quorum.voters') && !valueOf('controller.quorum.bootstrap.servers');
  const needsController = roles.includes('controller') && valueOf('controller.listener.names') === undefined;
  if (!isOwnQuorum || !needsController || /(^|,)\s*CONTROLLER:/i.test(listeners)) return [NODE_DEFAULTS, ...given];
  const completed = `${listeners},CONTROLLER://localhost:0`;
  return [
    NODE_DEFAULTS,
    ...given,
    { origin: NODE_DEFAULTS.origin, isImplied: true, texts: new Map([['listeners', completed]]) },
  ];
}

function withTexts(layer: ConfigLayer, key: string, text: string): ConfigLayer {
  return { ...layer, texts: new Map([...layer.texts, [key, text]]) };
}
