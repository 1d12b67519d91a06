export { plant } from "./plant.ts";
export type { Seed, SeedParameter, SeedProvider, SeedRole } from "./seed.ts";
