import { PodtrustError } from "../../core/base/index.ts";
import { type Description, requiredText, textList } from "../judge/index.ts";
import type { FederatedCredential } from "./facts.ts";

/**
 * Reads what az prints of federated credentials: `identity federated-credential list`, or `ad app federated-credential
 * list`. Throws `description-invalid`.
 */
export function readDescribedCredentials(
  descriptions: readonly Description[],
): readonly FederatedCredential[] {
  const records = descriptions.flatMap((one) => one);
  if (records.length === 0 && descriptions.length === 0)
    throw new PodtrustError("description-invalid", "no file describes the identity's federated credentials", {
      next: "Write one: az identity federated-credential list --identity-name NAME --resource-group GROUP --output json",
    });
  return records.map((record) => {
    const name = requiredText(record, "name", "a federated credential");
    const of = `the federated credential ${name}`;
    return {
      name,
      issuer: requiredText(record, "issuer", of),
      subject: requiredText(record, "subject", of),
      audiences: textList(record, "audiences", of),
    };
  });
}
