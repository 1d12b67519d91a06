import { z } from "zod";
import type { KeyPath } from "./problem.ts";

type Schema = z.core.$ZodType;

/** A schema without its wrappers, unions spread out into their members. */
function members(schema: Schema): readonly Schema[] {
  if (schema instanceof z.ZodOptional) return members(schema.unwrap());
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(members);
  return [schema];
}

function step(schema: Schema, key: string | number): readonly Schema[] {
  if (schema instanceof z.ZodObject) {
    const child = (schema.shape as Record<string, Schema | undefined>)[String(key)];
    return child === undefined ? [] : members(child);
  }
  if (schema instanceof z.ZodArray) return members(schema.element);
  if (schema instanceof z.ZodRecord) return members(schema.valueType);
  return [];
}

/** What a schema has at a path: all members of unions on the way. */
function schemasAt(schema: Schema, path: KeyPath): readonly Schema[] {
  let at = members(schema);
  for (const key of path) at = at.flatMap((member) => step(member, key));
  return at;
}

/** Whether a value at a path may have keys that the schema does not know: a policy, which IAM judges. */
export function takesAnyKey(schema: Schema, path: KeyPath): boolean {
  return schemasAt(schema, path).some(
    (member) => member instanceof z.ZodObject && member.def.catchall instanceof z.ZodUnknown,
  );
}

/** Every key that a schema knows at a path, over all members of unions on the way. */
export function knownKeys(schema: Schema, path: KeyPath): readonly string[] {
  const at = schemasAt(schema, path);
  const keys = at.flatMap((member) => (member instanceof z.ZodObject ? Object.keys(member.shape) : []));
  return [...new Set(keys)];
}
