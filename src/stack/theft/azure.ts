import { loadAzureClosings, type PartContext } from "../parts/index.ts";
import type { TheftAnswerAt } from "./theft-answer.ts";

/**
 * The resource groups of a config: the federated credentials of the issuer let no token in until a person opens them. What Entra
 * gave before, and what it has fetched, nobody can take back.
 */
export async function azureAnswers(context: PartContext): Promise<readonly TheftAnswerAt[]> {
  const closings = await loadAzureClosings(context);
  return closings.map((closing) => ({ place: closing.place, closing }));
}
