/**
 * What one version of a message looks like: which fields it has, in which order, how each is encoded.
 *
 * Both compilers work from this plan, so that they cannot disagree about a version.
 */
import { isIn } from '../version-range';
import type { ElementType, Field, FieldKind, Fields, Message, ScalarKind } from '../schema';

export interface FieldPlan {
  readonly name: string;
  readonly field: Field;
  readonly nullable: boolean;
  /** Compact lengths (KIP-482). */
  readonly flexible: boolean;
  /** Of a struct, or of an array's elements when they are structs. */
  readonly struct: StructPlan | null;
}

export interface StructPlan {
  /** Distinct within the message. */
  readonly id: number;
  readonly all: Fields;
  /** In the order of the wire. */
  readonly regular: readonly FieldPlan[];
  /** Ascending by tag. */
  readonly tagged: readonly FieldPlan[];
  /** Names of the fields that this version lacks. */
  readonly absent: readonly string[];
  readonly flexible: boolean;
  /** The least that one takes on the wire. At least 1 but for a message without fields. */
  readonly minBytes: number;
}

export interface MessagePlan {
  readonly root: StructPlan;
  /** Every struct, the root first. */
  readonly structs: readonly StructPlan[];
}

const FIXED_BYTES: Partial<Record<FieldKind, number>> = {
  bool: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  clampedInt64: 8,
  bigint64: 8,
  float64: 8,
  uuid: 16,
};

/** The size of kinds that always take the same; undefined for the others. */
export function fixedBytes(kind: FieldKind): number | undefined {
  return FIXED_BYTES[kind];
}

export function isScalar(element: ElementType | null): element is ScalarKind {
  return typeof element === 'string';
}

/** The least that an element of an array takes. */
export function minElementBytes(plan: FieldPlan): number {
  if (plan.struct !== null) return plan.struct.minBytes;
  const element = plan.field.element;
  return isScalar(element) ? (fixedBytes(element) ?? lengthBytes(element, plan.flexible)) : 1;
}

function lengthBytes(kind: FieldKind, flexible: boolean): number {
  if (flexible) return 1;
  return kind === 'string' ? 2 : 4;
}

function minFieldBytes(plan: FieldPlan): number {
  const kind = plan.field.kind;
  if (kind === 'struct') return plan.nullable ? 1 : (plan.struct as StructPlan).minBytes;
  return fixedBytes(kind) ?? lengthBytes(kind, plan.flexible);
}

/** Plans `version` of a message. Whether the version is valid is the caller's business. */
export function planMessage(message: Message, version: number): MessagePlan {
  const flexible = isIn(version, message.flexibleVersions);
  const structs: StructPlan[] = [];

  function planField(name: string, field: Field): FieldPlan {
    const element = field.element;
    return {
      name,
      field,
      nullable: isIn(version, field.nullableVersions),
      flexible: flexible && field.mayBeFlexible,
      struct: element === null || isScalar(element) ? null : planStruct(element),
    };
  }

  function planStruct(fields: Fields): StructPlan {
    // The place is taken before the fields are planned, so that the root comes first.
    const id = structs.length;
    structs.push(undefined as unknown as StructPlan);
    const present = Object.entries(fields).filter(([, field]) => isIn(version, field.versions));
    const plans = present.map(([name, field]) => planField(name, field));
    const regular = plans.filter((plan) => plan.field.tag === null);
    const plan: StructPlan = {
      id,
      all: fields,
      regular,
      tagged: plans.filter((each) => each.field.tag !== null).sort((a, b) => (a.field.tag ?? 0) - (b.field.tag ?? 0)),
      absent: Object.keys(fields).filter((name) => !plans.some((each) => each.name === name)),
      flexible,
      minBytes: regular.reduce((sum, each) => sum + minFieldBytes(each), flexible ? 1 : 0),
    };
    structs[id] = plan;
    return plan;
  }

  return { root: planStruct(message.fields), structs };
}
