export { factsOfBundle, maxBundle } from "./read.ts";
export { maxDate, BundleValue } from "./schema.ts";
export { type Bundle, bundleOf, bundleVersion } from "./write.ts";
export { keyMark } from "./token.ts";
