export { promoteKey, reloadSigner, signerStatus } from "./control.ts";
export type { HeldKey, KeyHolder } from "./holder.ts";
export { KeyFolder, type KeyType } from "./key-folder.ts";
export { signerMetrics } from "./metrics.ts";
export { serveSigner, type ServingSigner } from "./serve.ts";
export type { SignerStatus } from "./signer.ts";
