export { signerEnvironment, signerPaths } from "./paths.ts";
export { type SignerDistribution, type SignerFile, signerFiles } from "./files.ts";
