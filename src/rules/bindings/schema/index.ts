export { checked, type FieldProblem } from "./check.ts";
export type { SchemaField, ListField, ObjectField, SchemaRule, TextField } from "./field.ts";
export { openApi } from "./open-api.ts";
