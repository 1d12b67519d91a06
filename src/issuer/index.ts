export { awsBounds, type IssuerBounds } from "./bounds.ts";
export { type FamilySight, seeByFamily } from "./by-family.ts";
export { brokenOf, type IssuerFinding, type IssuerJudgement, judgeIssuer } from "./judge.ts";
export { isLinkLocal, isPrivateAddress, isPrivateName } from "./private.ts";
export {
  type DocumentReading,
  type IssuerReading,
  type IssuerRoute,
  jwksUriOf,
  readDocument,
  readIssuer,
  type ReadOptions,
} from "./read.ts";
export { type ObservedIssuer, seeIssuer } from "./see.ts";
export { servedDocuments } from "./served.ts";
export { privateThumbprints } from "./thumbprints.ts";
