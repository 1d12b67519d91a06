import { z } from "zod";
import { issuerProblems } from "../../rules/oidc/index.ts";
import { section, text } from "../forms/leaf.ts";

/** The issuer as it is written: a URL, or the zone below which podtrust gives it a name. */
export type IssuerInput = string | { zone: string };

const accepted = "an https URL such as https://oidc.example.com, or {zone: example.com}";

const url = z.string({ error: accepted }).superRefine((value, context) => {
  for (const { rule, message, next } of issuerProblems(value)) {
    context.addIssue({ code: "custom", message, params: { rule, next } });
  }
});

const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";

/** The issuer of the stack. */
export const issuer: z.ZodType<IssuerInput> = z
  .union(
    [
      url,
      section("A random name below a zone, which the stack's own marks remember.", {
        zone: text(
          {
            what: "The zone, served by the provider under dns.",
            accepted: "a domain name in lower case such as example.com",
            example: "example.com",
          },
          // A name below it has 37 characters more, and an issuer 255 in all.
          new RegExp(`^(?=.{4,200}$)(?:${label}\\.){1,20}${label}$`, "u"),
        ),
      }),
    ],
    { error: accepted },
  )
  .meta({
    description:
      "The issuer: the iss of every token, and the URL under which AWS looks for the keys. Accepted: an https URL without port, query or fragment, at most 255 characters; or {zone: example.com} for a random name below a zone that podtrust keeps there.",
    examples: ["https://oidc.example.com"],
  });
