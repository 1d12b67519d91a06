import type { JsonRecord } from "../../../core/base/index.ts";

/**
 * What has to hold between the members of an object, written twice in one place: for the API server as CEL
 * (https://kubernetes.io/docs/reference/using-api/cel/), and for our own reader as a function.
 */
export interface SchemaRule {
  /** Over `self`. */
  readonly cel: string;
  readonly message: string;
  /** The same over a value with its defaults; a rule about what was there before only the API server can ask. */
  readonly holds?: (self: JsonRecord) => boolean;
}

interface Described {
  readonly description?: string;
}

export interface TextField extends Described {
  readonly type: "string";
  /** Without look-around: Go's regular expressions know none. */
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength: number;
  readonly format?: "date-time";
  readonly enum?: readonly string[];
  readonly default?: string;
  /** It cannot be changed once the object exists; why, as a sentence. */
  readonly fixed?: string;
}

export interface NumberField extends Described {
  readonly type: "integer";
  readonly minimum?: number;
  readonly maximum?: number;
  /** What its absence means. Not written into the object: inside a list kubectl and GitOps tools would see a change. */
  readonly absent?: number;
}

export interface FlagField extends Described {
  readonly type: "boolean";
  /** As of a number. */
  readonly absent?: boolean;
}

export interface ListField extends Described {
  readonly type: "array";
  readonly items: SchemaField;
  readonly minItems?: number;
  readonly maxItems: number;
  /** No value twice, or no two objects with the same value of this member. */
  readonly unique: true | string;
  readonly default?: readonly string[];
  readonly rules?: readonly ListRule[];
}

/** The same as a `SchemaRule`, over a list. */
export interface ListRule extends Omit<SchemaRule, "holds"> {
  readonly holds: (self: readonly JsonRecord[]) => boolean;
}

export interface ObjectField extends Described {
  readonly type: "object";
  readonly required?: readonly string[];
  readonly properties: Readonly<Record<string, SchemaField>>;
  readonly rules?: readonly SchemaRule[];
  /** It is always written as a whole: the API server does not track ownership of its members. */
  readonly atomic?: true;
}

/** An object whose members another system validates: a policy of IAM. */
export interface OpenField extends Described {
  readonly type: "open";
}

/** One value of our objects, with its limits: what CRD and reader are made of. */
export type SchemaField = TextField | NumberField | FlagField | ListField | ObjectField | OpenField;
