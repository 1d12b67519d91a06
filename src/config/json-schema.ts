import { z } from "zod";
import { configSchema } from "./schema.ts";

/** The config file's JSON Schema (draft 2020-12), for editors. */
export function configJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(configSchema, { target: "draft-2020-12", reused: "inline" });
  return { $schema, title: "podtrust.yaml", ...rest };
}
