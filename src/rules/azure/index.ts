export { azureAudiences } from "./clouds.ts";
export {
  type AssertionDecision,
  decideAssertion,
  decideSecret,
  entraRules,
  explainAssertion,
} from "./decide.ts";
export { readDescribedCredentials } from "./description.ts";
export type { AssertionFacts, AssertionGrant, AssertionRequest, FederatedCredential } from "./facts.ts";
