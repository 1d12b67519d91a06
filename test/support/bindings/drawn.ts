/** Random values of the fields of our definitions, so that a field that is new is drawn by itself. */
import * as fc from "fast-check";
import type { JsonRecord } from "../../../src/core/base/index.ts";
import type { SchemaField } from "../../../src/rules/bindings/schema/field.ts";
import { policyDocument } from "./objects.ts";

/** Texts and numbers by the name of the member that has them, or of the list: those that grants and bindings have in common. */
export type Pools = Readonly<Record<string, readonly (string | number)[]>>;

/** The longest list that is drawn. */
const maxItems = 3;

/** A value as the field takes it. `name`: of the member. */
export function drawnOf(field: SchemaField, pools: Pools, name = ""): fc.Arbitrary<unknown> {
  const pool = pools[name];
  switch (field.type) {
    case "string":
      return fc.constantFrom(...(pool ?? field.enum ?? textsOf(field.pattern)));
    case "integer":
      return fc.constantFrom(...(pool ?? [field.minimum ?? 0, field.maximum ?? 1_000_000]));
    case "boolean":
      return fc.boolean();
    case "open":
      return fc.constant(policyDocument);
    case "array": {
      const { items, minItems = 0, unique, rules = [] } = field;
      const key = (one: unknown): unknown => (unique === true ? one : (one as JsonRecord)[unique]);
      const length = { minLength: minItems, maxLength: Math.min(field.maxItems, maxItems) };
      return fc
        .uniqueArray(drawnOf(items, pools, name), { ...length, selector: key })
        .filter((list) => rules.every(({ holds }) => holds(list as readonly JsonRecord[])));
    }
    case "object": {
      const { properties, required = [], rules = [] } = field;
      const members = Object.entries(properties).map(([of, one]) => [of, drawnOf(one, pools, of)]);
      return fc
        .record(Object.fromEntries(members) as Record<string, fc.Arbitrary<unknown>>, {
          requiredKeys: [...required],
        })
        .filter((self) => rules.every(({ holds }) => holds?.(self) ?? true));
    }
  }
}

/** Some texts that a pattern takes. */
function textsOf(pattern = "^[a-z]{1,8}$"): readonly string[] {
  return fc.sample(fc.stringMatching(new RegExp(pattern, "u")), { numRuns: 3, seed: 1 });
}
