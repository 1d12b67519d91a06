export { decideGoogle, mayKeepMember } from "./decide.ts";
export { googleKeys, googleManifests } from "./manifests.ts";
export { type GoogleBinding, type GoogleTrust, poolId } from "./objects.ts";
export { readGoogleBinding, readGoogleTrust } from "./read.ts";
