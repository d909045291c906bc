/**
 * Configuration keys as values: name, type, default, what is allowed, and where a change takes effect without a restart.
 *
 * A table of definitions is the only source: the type of `config.get(key)` is inferred from it, a value given as text is
 * parsed and checked by it, and DescribeConfigs prints from it. Invariant: a value inside a `ConfigValues` has passed its
 * definition, and `text` prints it exactly as Kafka does.
 */
import {
  type ConfigType,
  type ConfigValueTypes,
  type ParsedText,
  formatValue,
  parseText,
  typeSentence,
} from './config-text';

/** A check with the sentence that says what it lets through, e.g. "at least 1". */
export interface Validator<T> {
  readonly allowed: string;
  accepts(value: T): boolean;
}

/**
 * Where a key may change while the broker runs: for the whole cluster (or one broker), for one broker only, for one
 * broker only under the prefix of a listener; absent: after a restart.
 */
export type DynamicScope = 'cluster' | 'broker' | 'listener';

interface DefinitionOf<T extends ConfigType> {
  readonly type: T;
  /** Absent: the key must be given. null: unset is a value of its own. */
  readonly default?: ConfigValueTypes[T] | null;
  readonly validator?: Validator<ConfigValueTypes[T]>;
  readonly dynamic?: DynamicScope;
  /** Known and settable, but not shown unless it is set. */
  readonly internal?: true;
  /** One sentence of our own for people who ask for documentation. */
  readonly documentation?: string;
}

export type ConfigDefinition = { [T in ConfigType]: DefinitionOf<T> }[ConfigType];
export type ConfigDefinitions = Readonly<Record<string, ConfigDefinition>>;

/** The type of a key's value, read off its definition. */
export type ConfigValue<D extends ConfigDefinition> = D extends { readonly default: null }
  ? ConfigValueTypes[D['type']] | null
  : ConfigValueTypes[D['type']];

export type KeyOf<D extends ConfigDefinitions> = keyof D & string;

/** Reads typed values of a set of keys; what code that only needs some keys asks for. */
export interface ConfigReader<D extends ConfigDefinitions> {
  get<K extends KeyOf<D>>(key: K): ConfigValue<D[K]>;
  /** True when somebody gave the key a value; false when it has its default. */
  isSet(key: KeyOf<D>): boolean;
}

/** Why a value was refused. `message` is a whole sentence with key, value and what is allowed. */
export interface ConfigProblem {
  readonly key: string;
  /** As given; hidden for passwords. */
  readonly value: string | null;
  readonly allowed: string;
  readonly message: string;
}

export type ParsedConfig<T> =
  | { readonly ok: true; readonly value: T; readonly text: string }
  | { readonly ok: false; readonly problem: ConfigProblem };

export function configProblem(key: string, value: string | null, allowed: string): ConfigProblem {
  const shown = value === null ? 'null' : value === '' ? '(empty)' : value;
  return { key, value, allowed, message: `Invalid value ${shown} for configuration ${key}: it must be ${allowed}.` };
}

/** Parses and checks one value; `text` of the result is the value as DescribeConfigs prints it. */
export function parseConfig<D extends ConfigDefinition>(
  key: string,
  definition: D,
  text: string,
): ParsedConfig<NonNullable<ConfigValue<D>>> {
  const parsed: ParsedText | null = parseText(definition.type, text);
  // A definition's validator fits its type by construction of ConfigDefinition; the union has lost that connection.
  const validator = definition.validator as Validator<ParsedText['value']> | undefined;
  if (parsed === null || (validator !== undefined && !validator.accepts(parsed.value))) {
    const shown = definition.type === 'password' ? '[hidden]' : text;
    return { ok: false, problem: configProblem(key, shown, allowedSentence(definition)) };
  }
  return { ok: true, value: parsed.value as NonNullable<ConfigValue<D>>, text: parsed.text };
}

/** What a key takes, as the end of a sentence: "a whole number, at least 1". */
export function allowedSentence(definition: ConfigDefinition): string {
  const type = typeSentence(definition.type);
  return definition.validator === undefined ? type : `${type}, ${definition.validator.allowed}`;
}

/** The default as DescribeConfigs prints it; null when there is none. */
export function defaultText(definition: ConfigDefinition): string | null {
  if (definition.default === undefined || definition.default === null) return null;
  return formatValue(definition.type, definition.default);
}

/** Values of one set of keys: those given, checked, over the defaults. Never changes. */
export class ConfigValues<D extends ConfigDefinitions> implements ConfigReader<D> {
  constructor(
    readonly schema: ConfigSchema<D>,
    private readonly given: ReadonlyMap<string, ParsedText>,
  ) {}

  get<K extends KeyOf<D>>(key: K): ConfigValue<D[K]> {
    const given = this.given.get(key);
    // The schema's resolve() has parsed the value by this very definition and made sure that a required key is there.
    return (given === undefined ? this.schema.definitions[key]?.default : given.value) as ConfigValue<D[K]>;
  }

  isSet(key: KeyOf<D>): boolean {
    return this.given.has(key);
  }

  /** The value as DescribeConfigs prints it; null when unset without a default. */
  text(key: KeyOf<D>): string | null {
    const given = this.given.get(key);
    if (given !== undefined) return given.text;
    const definition = this.schema.find(key);
    return definition === undefined ? null : defaultText(definition);
  }
}

/** A table of definitions, and what can be done with it. */
export class ConfigSchema<D extends ConfigDefinitions> {
  private readonly byKey: ReadonlyMap<string, ConfigDefinition>;

  constructor(readonly definitions: D) {
    this.byKey = new Map(Object.entries(definitions));
  }

  /** Every key, in the order of its definition. */
  get keys(): readonly KeyOf<D>[] {
    return [...this.byKey.keys()];
  }

  has(key: string): key is KeyOf<D> {
    return this.byKey.has(key);
  }

  find(key: string): ConfigDefinition | undefined {
    return this.byKey.get(key);
  }

  /** Parses one value; null when the key is not known. */
  parse(key: string, text: string): ParsedConfig<ParsedText['value']> | null {
    const definition = this.find(key);
    return definition === undefined ? null : parseConfig(key, definition, text);
  }

  /** Parses what is known among `texts`, and names every bad value and every required key that is missing. */
  resolve(texts: ReadonlyMap<string, string>): {
    readonly config: ConfigValues<D>;
    readonly problems: readonly ConfigProblem[];
  } {
    const given = new Map<string, ParsedText>();
    const problems: ConfigProblem[] = [];
    for (const [key, definition] of this.byKey) {
      const text = texts.get(key);
      if (text === undefined) {
        if (definition.default === undefined) problems.push(missing(key, definition));
        continue;
      }
      const parsed = parseConfig(key, definition, text);
      if (parsed.ok) given.set(key, { value: parsed.value, text: parsed.text });
      else problems.push(parsed.problem);
    }
    return { config: new ConfigValues(this, given), problems };
  }
}

export function defineConfig<const D extends ConfigDefinitions>(definitions: D): ConfigSchema<D> {
  return new ConfigSchema(definitions);
}

function missing(key: string, definition: ConfigDefinition): ConfigProblem {
  const allowed = allowedSentence(definition);
  return { key, value: null, allowed, message: `Missing required configuration ${key}: it must be ${allowed}.` };
}
