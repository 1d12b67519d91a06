export { type CertificateChain, chainText, namesOf, readCertificates, validityOf } from "./chain.ts";
export { chainFault, type ChainRequirements, isRooted, rootsOf } from "./server-chain.ts";
