export { beginTheft, endTheft, type EndTheftDeps, type KeyReplacement } from "./end-theft.ts";
export { beginAtSigner, endAtSigner, type SignerTheftDeps } from "./end-at-signer.ts";
export { openTheft, type OpenedTheft, type OpenTheftOptions } from "./open.ts";
export { publishersFromBefore, renewOwnPods } from "./own-pods.ts";
export type { TheftServer } from "./theft-server.ts";
