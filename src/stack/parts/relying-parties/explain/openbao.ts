import { defined } from "../../../../core/base/index.ts";
import { keyChecks } from "../../../../rules/keys/index.ts";
import { explainLogin, loginRefusal, readDescribedLogin } from "../../../../rules/openbao/index.ts";
import type { Explanation, Question } from "./question.ts";

/** What OpenBao would decide on a login with the described role. */
export async function explain(question: Question): Promise<Explanation> {
  const { role, boundIssuer } = readDescribedLogin(question.descriptions);
  const { iss } = question.jws.claims;
  const issuer = boundIssuer ?? (typeof iss === "string" ? iss : "");
  const asked = {
    role: "described",
    jwt: question.token,
    now: question.now,
    issuer,
    found: role,
    ...defined({ boundIssuer }),
  };
  const isOpen = loginRefusal(asked, keyChecks) === "needs-documents";
  const facts = isOpen ? { ...asked, documents: await question.documents(issuer) } : asked;
  return {
    target: [
      "role",
      `for ${[role.boundSubject, ...Object.values(role.boundClaims ?? {}).flat()].filter((one) => one !== "").join(", ")}`,
    ],
    reports: explainLogin(facts, keyChecks),
    notes: ["OpenBao was not asked: the files say what it has."],
  };
}
