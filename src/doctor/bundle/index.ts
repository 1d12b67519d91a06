export { factsOfBundle, isStackBundle, issuerFactsOf, maxBundle, readBundle } from "./read.ts";
export { maxDate, BundleValue } from "./schema.ts";
export { type Bundle, bundleOf, bundleVersion, stackBundleKind } from "./write.ts";
export { keyMark } from "./token.ts";
