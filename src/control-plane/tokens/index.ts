export { type LegacyTokenSecret, readLegacyTokens, trackedSince } from "./legacy-tokens.ts";
export { objectPages, type Pages } from "./pages.ts";
export { readPods } from "./pods.ts";
