import type { JsonRecord } from "../../../core/base/index.ts";
import type { ListField, ObjectField, SchemaRule } from "../schema/field.ts";
import { label, maxName, namespacePattern, patterns, serviceAccountPattern } from "./forms.ts";

/** What every grant has, whichever relying party's: its name, and who it is for. */
export const grantee: ObjectField["properties"] = {
  name: { ...label(maxName), description: "What it is called where a binding is refused." },
  namespaces: { ...patterns(namespacePattern, "For bindings in these namespaces."), minItems: 1 },
  serviceAccounts: {
    ...patterns(serviceAccountPattern, "Only for ServiceAccounts of these names; left out: for all."),
    minItems: 1,
  },
};

/** The grants of a trust. */
export const grantsField = (items: ObjectField): ListField => ({
  type: "array",
  items,
  maxItems: 64,
  unique: "name",
  description: "What namespaces may bind: without a grant, nothing.",
});

const list = (self: JsonRecord, name: string): readonly JsonRecord[] =>
  (self[name] ?? []) as readonly JsonRecord[];

/** What grants name in a list of their own has to be in the trust's list of that name, under this key. */
export function grantsNameTheirs(name: string, key: string, message: string): SchemaRule {
  return {
    cel: `!has(self.grants) || self.grants.all(g, g.${name}.all(a, self.${name}.exists(one, one.${key} == a)))`,
    message,
    holds: (self) => {
      const known = new Set(list(self, name).map((one) => one[key]));
      return list(self, "grants").every((grant) =>
        (grant[name] as readonly unknown[]).every((one) => known.has(one)),
      );
    },
  };
}
