import type { z } from "zod";
import { file, section, text } from "../forms/leaf.ts";

export interface OperatorInput {
  trust: string;
  namespace?: string | undefined;
  serviceAccount?: string | undefined;
  role?: string | undefined;
}

/** The operator's own AWS rights. */
export const operator: z.ZodType<OperatorInput> = section(
  "The operator, which makes roles for AWSRoleBindings: in each account of its trust it gets a role that may do just that, within the grants' path, policies and boundaries.",
  {
    trust: file("The file with the AWSTrust whose grants it keeps to.", "trust.yaml"),
    namespace: text(
      {
        what: "The namespace of its ServiceAccount.",
        accepted: "a namespace's name",
        standard: "podtrust",
        example: "podtrust",
      },
      /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u,
    ).optional(),
    serviceAccount: text(
      {
        what: "The name of its ServiceAccount.",
        accepted: "a ServiceAccount's name",
        standard: "podtrust-operator",
        example: "podtrust-operator",
      },
      /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/u,
    ).optional(),
    role: text(
      {
        what: "The name of its role.",
        accepted: "1 to 64 letters, digits and + = , . @ _ -",
        standard: "podtrust-operator",
        example: "podtrust-operator",
      },
      /^[\w+=,.@-]{1,64}$/u,
    ).optional(),
  },
);
