export { checked, type FieldProblem } from "./check.ts";
export type { SchemaField, ListField, ObjectField, Rule, TextField } from "./field.ts";
export { openApi } from "./open-api.ts";
