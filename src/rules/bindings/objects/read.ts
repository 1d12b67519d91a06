import { errorText, recordOf, textOf } from "../../../core/base/index.ts";
import { namespaceProblem, serviceAccountProblem } from "../../oidc/index.ts";
import { parsePolicy } from "../../trust/index.ts";
import {
  apiVersion,
  bindingNames,
  type BoundKind,
  type KindNames,
  partyNames,
  trustNames,
} from "../names/index.ts";
import { otherScopes } from "../scopes.ts";
import { checked, type FieldProblem } from "../schema/check.ts";
import type { ObjectField } from "../schema/field.ts";
import { bindingSpec } from "./binding-schema.ts";
import { maxName } from "./forms.ts";
import type { Binding, BindingSpec, Trust, TrustSpec } from "./objects.ts";
import { account, trustSpec } from "./trust-schema.ts";

/** An object that was read, or everything that is wrong with it. */
export type Read<T> = { readonly object: T } | { readonly problems: readonly FieldProblem[] };

function headProblems(value: unknown, names: KindNames): readonly FieldProblem[] {
  const { apiVersion: version, kind } = recordOf(value);
  const problems: FieldProblem[] = [];
  const accepted = (path: string, wanted: string): void => {
    problems.push({ path, message: `is not ${wanted}` });
  };
  if (version !== apiVersion) accepted("apiVersion", apiVersion);
  if (kind !== names.kind) accepted("kind", names.kind);
  return problems;
}

function nameProblems(value: unknown, names: KindNames): readonly FieldProblem[] {
  const { name, namespace } = recordOf(recordOf(value)["metadata"]);
  const problems: FieldProblem[] = [];
  const wrong = serviceAccountProblem(textOf(name) ?? "");
  if (wrong !== undefined) problems.push({ path: "metadata.name", message: wrong });
  else if (String(name).length > maxName) {
    problems.push({ path: "metadata.name", message: `is longer than ${maxName} characters` });
  }
  const outside = namespaceProblem(textOf(namespace) ?? "");
  if (names.scope === "Namespaced" && outside !== undefined)
    problems.push({ path: "metadata.namespace", message: outside });
  return problems;
}

function specOf(value: unknown, names: KindNames, field: ObjectField): Read<unknown> {
  const head = [...headProblems(value, names), ...nameProblems(value, names)];
  const given = recordOf(value)["spec"];
  const spec =
    given === undefined
      ? { problems: [{ path: "spec", message: "is missing" }] }
      : checked(field, given, "spec");
  const problems = [...head, ...("problems" in spec ? spec.problems : [])];
  return problems.length > 0 || "problems" in spec ? { problems } : { object: spec.value };
}

/** What every object of ours has. */
export interface ReadObject {
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
  /** In the form of its field, with its defaults. */
  readonly spec: unknown;
}

/** Reads an object of a kind by the field of its spec. */
export function readObject(value: unknown, names: KindNames, field: ObjectField): Read<ReadObject> {
  const read = specOf(value, names, field);
  if ("problems" in read) return read;
  const { namespace, name } = recordOf(recordOf(value)["metadata"]);
  return { object: { namespace: textOf(namespace) ?? "", name: String(name), spec: read.object } };
}

function policyProblems({ roles }: BindingSpec): readonly FieldProblem[] {
  return roles.flatMap(({ managed }, role) =>
    (managed?.inline ?? []).flatMap(({ document }, index): FieldProblem[] => {
      const path = `spec.roles[${role}].managed.inline[${index}].document`;
      try {
        parsePolicy(JSON.stringify(document), "identity");
        return [];
      } catch (error) {
        return [{ path, message: `is no policy that IAM takes: ${errorText(error)}` }];
      }
    }),
  );
}

/** Which of our kinds an object says it is; undefined for everything else. */
export function kindOf(value: unknown): BoundKind | undefined {
  const all = Object.values(partyNames).flatMap(({ binding, trust }) => [binding, trust]);
  return all.find(({ kind }) => kind === recordOf(value)["kind"])?.kind;
}

/**
 * Reads an AWSRoleBinding from unvalidated JSON: an answer of the API, a file. Every mistake is reported at once; what
 * the API server refuses is refused here too, and inline policies are read as IAM reads them.
 */
export function readBinding(value: unknown): Read<Binding> {
  const read = readObject(value, bindingNames, bindingSpec);
  if ("problems" in read) return read;
  const { namespace, name } = read.object;
  const spec = read.object.spec as BindingSpec;
  const problems = policyProblems(spec);
  return problems.length > 0 ? { problems } : { object: { namespace, name, ...spec } };
}

/** Reads an AWSTrust, as `readBinding` does. */
export function readTrust(value: unknown): Read<Trust> {
  const read = readObject(value, trustNames, trustSpec);
  if ("problems" in read) return read;
  const { name } = read.object;
  const spec = read.object.spec as TrustSpec;
  const others = otherScopes(recordOf(value), spec.accounts, account);
  const accounts = spec.accounts.filter(({ id }) => !others.gone.includes(id));
  return { object: { name, ...spec, accounts, grants: spec.grants ?? [], ...others } };
}
