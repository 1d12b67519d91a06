export { signerEnvironment, signerPlace } from "./place.ts";
export { type SignerDistribution, type SignerFile, signerFiles } from "./files.ts";
