export {
  isOutside,
  type LastingToken,
  lifeOf,
  mayHold,
  type PodTokens,
  podTokensOf,
  type ProjectedToken,
  renewedWithinMs,
  type TokenLife,
  tokenLives,
  type TokenLives,
  type TokenRules,
} from "./pod-tokens.ts";
