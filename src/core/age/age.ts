import { createHmac, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { PodtrustError } from "../base/index.ts";
import { base64, damaged, type Header, headerText, readHeader, type Stanza, unBase64 } from "./header.ts";
import { derived, openPayload, seal, sealPayload, unseal } from "./payload.ts";
import { freshKey, type PrivateKey, readRecipient, sharedSecret } from "./x25519.ts";

/** Who can open a file: the holders of identities, or anyone with a passphrase. */
export type Audience = { readonly recipients: readonly string[] } | { readonly passphrase: string };

/** What opens a file. */
export type Opener = { readonly identities: readonly PrivateKey[] } | { readonly passphrase: string };

const fileKeyBytes = 16;
const maxRecipients = 20;
const x25519Label = "age-encryption.org/v1/X25519";
const scryptLabel = "age-encryption.org/v1/scrypt";
// As age itself: 256 MiB and about a second.
const workFactor = 18;
// A gibibyte: the writer of the file chooses it, and its reader pays.
const maxWorkFactor = 20;
const noNonce = Buffer.alloc(12);

const scryptKey = promisify<string, Buffer, number, object, Buffer>(scrypt);

function wrapKeyOf(secret: Buffer, share: Buffer, recipient: Buffer): Buffer {
  return derived(secret, Buffer.concat([share, recipient]), x25519Label);
}

function x25519Stanza(recipient: Buffer, fileKey: Buffer): Stanza {
  const once = freshKey();
  const key = wrapKeyOf(sharedSecret(once, recipient), once.share, recipient);
  return { words: ["X25519", base64(once.share)], body: seal(key, noNonce, fileKey) };
}

async function passphraseKey(passphrase: string, salt: Buffer, factor: number): Promise<Buffer> {
  const cost = 2 ** factor;
  const salted = Buffer.concat([Buffer.from(scryptLabel), salt]);
  return scryptKey(passphrase, salted, 32, { N: cost, r: 8, p: 1, maxmem: 128 * 8 * cost + 1024 * 1024 });
}

async function scryptStanza(passphrase: string, fileKey: Buffer): Promise<Stanza> {
  const salt = randomBytes(16);
  const key = await passphraseKey(passphrase, salt, workFactor);
  return { words: ["scrypt", base64(salt), String(workFactor)], body: seal(key, noNonce, fileKey) };
}

async function stanzasFor(audience: Audience, fileKey: Buffer): Promise<readonly Stanza[]> {
  if ("passphrase" in audience) return [await scryptStanza(audience.passphrase, fileKey)];
  const { recipients } = audience;
  if (recipients.length === 0 || recipients.length > maxRecipients)
    throw new TypeError(`a file is for 1 to ${maxRecipients} recipients`);
  return recipients.map((text) => x25519Stanza(readRecipient(text), fileKey));
}

function macOf(fileKey: Buffer, text: string | Buffer): Buffer {
  return createHmac("sha256", derived(fileKey, Buffer.alloc(0), "header"))
    .update(text)
    .digest();
}

/**
 * Encrypts as age does (https://c2sp.org/age, version 1, binary): with X25519, or with a passphrase by scrypt. Throws
 * `age-key-invalid` for an invalid recipient.
 */
export async function encrypt(plain: Buffer, audience: Audience): Promise<Buffer> {
  const fileKey = randomBytes(fileKeyBytes);
  const text = headerText(await stanzasFor(audience, fileKey));
  const mac = base64(macOf(fileKey, text));
  return Buffer.concat([Buffer.from(`${text} ${mac}\n`), sealPayload(fileKey, plain)]);
}

function byIdentity({ words, body }: Stanza, identity: PrivateKey): Buffer | undefined {
  const [type, share, ...rest] = words;
  if (type !== "X25519") return undefined;
  const bytes = unBase64(share ?? "");
  if (rest.length > 0 || bytes.length !== 32 || body.length !== 32)
    throw damaged("its header has a recipient that is none");
  let secret: Buffer;
  try {
    secret = sharedSecret(identity, bytes);
  } catch {
    throw damaged("its header has a key of low order");
  }
  return unseal(wrapKeyOf(secret, bytes, identity.share), noNonce, body);
}

async function byPassphrase({ words, body }: Stanza, passphrase: string): Promise<Buffer | undefined> {
  const [, salt, factor = "", ...rest] = words;
  const bytes = unBase64(salt ?? "");
  if (rest.length > 0 || bytes.length !== 16 || body.length !== 32 || !/^[1-9]\d?$/u.test(factor))
    throw damaged("its header has a passphrase's line that is none");
  if (Number(factor) > maxWorkFactor)
    throw damaged(`its passphrase asks for more work than 2^${maxWorkFactor}`);
  return unseal(await passphraseKey(passphrase, bytes, Number(factor)), noNonce, body);
}

const kindOf = ({ stanzas }: Header): "passphrase" | "identities" =>
  stanzas.some(({ words }) => words[0] === "scrypt") ? "passphrase" : "identities";

/** What a file is opened with. Throws `age-damaged`. */
export function openedWith(file: Buffer): "passphrase" | "identities" {
  return kindOf(readHeader(file));
}

async function fileKeyOf(header: Header, opener: Opener): Promise<Buffer | undefined> {
  const { stanzas } = header;
  if (kindOf(header) === "passphrase") {
    const [only, more] = stanzas;
    if (only === undefined || more !== undefined) throw damaged("its header has more beside a passphrase");
    return "passphrase" in opener ? byPassphrase(only, opener.passphrase) : undefined;
  }
  if ("passphrase" in opener) return undefined;
  for (const stanza of stanzas)
    for (const identity of opener.identities) {
      const found = byIdentity(stanza, identity);
      if (found !== undefined) return found;
    }
  return undefined;
}

/**
 * Opens an age file, all of it or nothing. Throws `age-wrong-key` where it is for other recipients, and `age-damaged`
 * for what is no age file, was changed or cut off.
 */
export async function decrypt(file: Buffer, opener: Opener): Promise<Buffer> {
  const header = readHeader(file);
  const fileKey = await fileKeyOf(header, opener);
  if (fileKey === undefined) {
    const needs = kindOf(header) === "passphrase" ? "another passphrase" : "another identity";
    throw new PodtrustError("age-wrong-key", `the file is encrypted to ${needs}`);
  }
  const mac = macOf(fileKey, header.text);
  if (header.mac.length !== mac.length || !timingSafeEqual(header.mac, mac))
    throw damaged("its header was changed");
  return openPayload(fileKey, file.subarray(header.end));
}
