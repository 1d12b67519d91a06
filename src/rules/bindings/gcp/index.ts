export { decideGoogle } from "./decide.ts";
export { googleKeys, googleManifests } from "./manifests.ts";
export {
  type GoogleBinding,
  type GoogleTrust,
  poolId,
  readGoogleBinding,
  readGoogleTrust,
} from "./objects.ts";
