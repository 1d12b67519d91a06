export { factsOfBundle, maxBundle } from "./read.ts";
export { type Bundle, bundleOf } from "./write.ts";
export { keyMark } from "./token.ts";
