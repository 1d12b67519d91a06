export { promoteKey, reloadSigner, signerStatus } from "./control.ts";
export type { OpenedKey, KeyHolder } from "./holder.ts";
export {
  fullestSigner,
  heldElsewhere,
  keptSigner,
  readKeptSigner,
  type SignerFiles,
  signerFolder,
  writeKeptSigner,
} from "./kept.ts";
export { KeyFolder, type KeyType } from "./key-folder.ts";
export { signerMetrics } from "./metrics.ts";
export { serveSigner, type ServingSigner } from "./serve.ts";
export { ProgramHolder } from "./program-holder.ts";
export { peersAgreement } from "./peers.ts";
export type { Agreement, SignerStatus } from "./signer.ts";
