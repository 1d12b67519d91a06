export { applySeed } from "./apply.ts";
export type { Seed, SeedParameter, SeedProvider, SeedRole } from "./seed.ts";
