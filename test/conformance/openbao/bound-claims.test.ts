import { describe, test } from "node:test";
import { subject } from "../fixture.ts";
import { accepts, refuses } from "../openbao-fixture.ts";

const of = (claims: Readonly<Record<string, readonly string[]>>) => ({
  found: { boundAudiences: ["openbao"], boundSubject: "", boundClaims: claims },
});
const several = of({ sub: ["system:serviceaccount:shop:a", subject] });

describe("OpenBao's rule bound-claims", () => {
  const rule = "bound-claims";
  test("refuses a ServiceAccount that is not in the list", () =>
    refuses(
      { claims: { sub: "system:serviceaccount:shop:other" }, facts: several },
      { rule, text: 'error validating claims: claim "sub" does not match any associated bound claim values' },
    ));
  test("refuses a token without the claim", () =>
    refuses(
      { facts: of({ email: ["a@example.com"] }) },
      { rule, text: 'error validating claims: claim "email" is missing' },
    ));
  test("accepts one of the list, and a claim of several values of which one fits", async () => {
    await accepts({ facts: several });
    await accepts({ claims: { groups: ["x", "dev"] }, facts: of({ groups: ["dev"] }) });
  });
});
