import { defined } from "../../../core/base/index.ts";
import type { SchemaField, ListField, ListRule, ObjectField, SchemaRule, TextField } from "./field.ts";

type Schema = Readonly<Record<string, unknown>>;

const described = ({ description }: SchemaField): Schema => defined({ description });

function validations(rules: readonly (SchemaRule | ListRule)[] = []): Schema {
  if (rules.length === 0) return {};
  return { "x-kubernetes-validations": rules.map(({ cel, message }) => ({ rule: cel, message })) };
}

function textSchema({ fixed, ...field }: TextField): Schema {
  return {
    ...field,
    ...(fixed === undefined ? {} : validations([{ cel: "self == oldSelf", message: fixed }])),
  };
}

function listSchema({ unique, items, rules, ...field }: ListField): Schema {
  const kind =
    unique === true
      ? { "x-kubernetes-list-type": "set" }
      : { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [unique] };
  return { ...field, items: openApi(items), ...kind, ...validations(rules) };
}

function objectSchema(field: ObjectField): Schema {
  const { required, properties, rules, atomic } = field;
  return {
    type: "object",
    ...described(field),
    ...defined({ required }),
    ...(atomic === true ? { "x-kubernetes-map-type": "atomic" } : {}),
    properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, openApi(one)])),
    ...validations(rules),
  };
}

/** A field as the schema of a CustomResourceDefinition has it (structural OpenAPI v3). */
export function openApi(field: SchemaField): Schema {
  if (field.type === "string") return textSchema(field);
  if (field.type === "array") return listSchema(field);
  if (field.type === "object") return objectSchema(field);
  if (field.type === "open") {
    return { type: "object", ...described(field), "x-kubernetes-preserve-unknown-fields": true };
  }
  const { absent, description, ...rest } = field;
  const text = [description, absent === undefined ? undefined : `Default: ${absent}.`];
  const said = text.filter((one) => one !== undefined).join(" ");
  return { ...rest, ...(said === "" ? {} : { description: said }) };
}
