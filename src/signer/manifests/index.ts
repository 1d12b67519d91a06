export { type SignerDistribution, type SignerFile, signerFiles } from "./files.ts";
