import type { JsonRecord } from "../../../core/base/index.ts";
import type { LimitRefusal } from "../grants/limit.ts";
import type { KindNames, PartyNames } from "../names/index.ts";
import type { ObjectField } from "../schema/field.ts";

/** One kind of ours, as its definition has it. */
export interface KindDefinition {
  readonly names: KindNames;
  readonly spec: ObjectField;
  readonly status: ObjectField;
  /** What `kubectl get` shows. */
  readonly columns: readonly object[];
  readonly selectable?: readonly object[];
}

/** What a relying party's binding asks of grants: the same as its `decide`, in CEL. */
export interface GrantsQuestion {
  /** A list, of which each entry needs one grant that allows all of it. */
  readonly asked: string;
  /** How an entry `r` is named before what it lacks: CEL that ends in `+`, or empty. */
  readonly named: string;
  /** The same in words: `a role of this binding`. */
  readonly what: string;
  /** What a grant may refuse of an entry, in this order. */
  readonly refusals: readonly Pick<LimitRefusal<never, never>, "admission">[];
}

/** A file with a token of the operator's own, with which it gets credentials from a relying party. */
export interface OwnToken {
  readonly volume: string;
  /** Where it is mounted in its containers. */
  readonly folder: string;
  readonly file: string;
  readonly audience: string;
  /** The variable that names the file. */
  readonly variable: string;
}

/** What differs for each relying party in what bindings need in a cluster. */
export interface PartyManifests {
  readonly names: PartyNames;
  /** What a binding has at the relying party and its finalizer waits for, in words: `its roles`. */
  readonly held: string;
  /** Binding and trust. */
  readonly kinds: readonly KindDefinition[];
  readonly question: GrantsQuestion;
  /** `spec` of a binding that is well-formed and that hardly any grant allows: a dry run asks for it. */
  readonly probe: JsonRecord;
  /** What the annotations of a ServiceAccount name for its pods, in words: `the roles`. */
  readonly bound: string;
  /** Whether podtrust writes this annotation of a ServiceAccount to say what it becomes: CEL over a key. */
  readonly annotates: (key: string) => string;
  /** Further audiences for which the operator may request tokens of ServiceAccounts: CEL over one, and in words. */
  readonly audience?: { readonly cel: (audience: string) => string; readonly said: string };
  /** Absent: it gets its credentials another way. */
  readonly ownToken?: OwnToken;
}
