import {
  decideAssertion,
  explainAssertion,
  readDescribedCredentials,
} from "../../../../rules/azure/index.ts";
import { keyChecks } from "../../../../rules/keys/index.ts";
import type { Explanation, Question } from "./question.ts";

/** Placeholders for the tenant and the client, which the credentials' list does not name. */
const unnamed = "00000000-0000-0000-0000-000000000000";

/** What Entra would decide on an assertion for the identity whose credentials are described. */
export async function explain(question: Question): Promise<Explanation> {
  const credentials = readDescribedCredentials(question.descriptions);
  const request = {
    tenant: unnamed,
    grantType: "client_credentials",
    clientId: unnamed,
    scope: "https://management.azure.com/.default",
    clientAssertionType: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    clientAssertion: question.token,
  };
  const asked = {
    request,
    now: question.now,
    tenant: { id: unnamed },
    client: { credentials },
    isResourceKnown: true,
  };
  const first = decideAssertion(asked, keyChecks);
  const facts =
    first.outcome === "needs-documents"
      ? { ...asked, documents: await question.documents(first.issuer) }
      : asked;
  const count = credentials.length;
  return {
    target: ["identity", `of ${count} federated credential${count === 1 ? "" : "s"}`],
    reports: explainAssertion(facts, keyChecks),
    notes: [
      "Azure was not asked: tenant, client id and resource are taken to be right, and the order of its rules is ours.",
    ],
  };
}
