export { type Audience, decrypt, encrypt, openedWith, type Opener } from "./age.ts";
export { newIdentity, type PrivateKey, readIdentities, readRecipient, recipientOf } from "./x25519.ts";
