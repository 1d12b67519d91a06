import { declaredParties } from "../../config/index.ts";
import type { RelyingPartyName } from "../../rules/oidc/index.ts";
import type { PartContext } from "../parts/index.ts";
import type { TheftAnswerAt } from "./theft-answer.ts";

/** One row for each relying party: where a config has it, and what podtrust does there. What a config does not name is not loaded. */
const rows: Readonly<Record<RelyingPartyName, (context: PartContext) => Promise<readonly TheftAnswerAt[]>>> =
  {
    aws: () => Promise.resolve([]),
    gcp: async (context) => (await import("./gcp.ts")).googleAnswers(context),
    azure: async (context) => (await import("./azure.ts")).azureAnswers(context),
    openbao: async (context) => (await import("./openbao.ts")).openbaoAnswers(context),
  };

/** What is done at each place of a config, in the order of its parties. */
export async function partyAnswers(
  context: PartContext,
): Promise<readonly (TheftAnswerAt & { readonly party: RelyingPartyName })[]> {
  const all = await Promise.all(
    declaredParties(context.config).map(async (party) =>
      (await rows[party](context)).map((one) => ({ ...one, party })),
    ),
  );
  return all.flat();
}
