import { createPublicKey } from "node:crypto";
import { defined, isRecord, type JsonRecord, PodtrustError, recordOf } from "../../core/base/index.ts";
import { type Algorithm, defaultAlgorithm } from "../oidc/index.ts";
import { rsaProblem } from "../keys/index.ts";
import { maxRingKeys, type SignerKeyState, type Ring, type RingKey } from "./ring.ts";

// Kubernetes refuses a longer one (pkg/serviceaccount/externaljwt/plugin).
const maxKid = 1024;
// A URI of PKCS #11 with all its attributes has some hundred.
const maxHolder = 2048;
const format = 1;

function bad(what: string): PodtrustError {
  return new PodtrustError("signer-state", `the list of keys cannot be used: ${what}`);
}

/**
 * The algorithm of a public key, DER SubjectPublicKeyInfo, and that key. Throws `signer-key-invalid` for one that
 * Kubernetes cannot sign with, and one with which anyone could.
 */
export function algorithmOf(spki: Uint8Array): Algorithm {
  let key;
  try {
    key = createPublicKey({ key: Buffer.from(spki), type: "spki", format: "der" });
  } catch (cause) {
    throw new PodtrustError("signer-key-invalid", "it is no public key", { cause });
  }
  const { asymmetricKeyType: type } = key;
  if (type !== "rsa" && type !== "ec")
    throw new PodtrustError("signer-key-invalid", `a key of type ${type} cannot sign tokens`);
  const problem = type === "rsa" ? rsaProblem(key) : undefined;
  if (problem !== undefined) throw new PodtrustError("signer-key-invalid", problem);
  if (type === "rsa") return "RS256";
  const { crv } = key.export({ format: "jwk" });
  const alg = defaultAlgorithm("EC", crv);
  if (alg === undefined) throw new PodtrustError("signer-key-invalid", `the curve ${crv} cannot sign tokens`);
  return alg;
}

const isState = (value: unknown): value is SignerKeyState =>
  value === "next" || value === "current" || value === "previous";

const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

const isKid = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && Buffer.byteLength(value) <= maxKid;

const isHolder = (value: unknown): value is string | undefined =>
  value === undefined || (typeof value === "string" && value.length <= maxHolder);

function readKey(value: unknown): RingKey {
  const { kid, publicKey, holder, state, excluded, since, publishedSince } = recordOf(value);
  if (!isKid(kid)) throw bad("a kid is no text");
  if (typeof publicKey !== "string" || !isHolder(holder) || !isState(state) || typeof excluded !== "boolean")
    throw bad(`the key ${kid} lacks a member`);
  if (!isTime(since) || !(publishedSince === undefined || isTime(publishedSince)))
    throw bad(`the key ${kid} has no time`);
  const alg = algorithmOf(Buffer.from(publicKey, "base64"));
  return { kid, alg, publicKey, ...defined({ holder, publishedSince }), state, excluded, since };
}

function readKeys(list: unknown): readonly RingKey[] {
  if (!Array.isArray(list)) throw bad("it has no keys");
  if (list.length > maxRingKeys) throw bad(`it has more than ${maxRingKeys} keys`);
  const keys = list.map(readKey);
  if (new Set(keys.map(({ kid }) => kid)).size !== keys.length) throw bad("a kid stands twice");
  const count = (state: SignerKeyState): number => keys.filter((key) => key.state === state).length;
  if (count("current") !== 1) throw bad("not exactly one key signs");
  if (count("next") > 1) throw bad("more than one key is next");
  if (keys.some((key) => key.state === "current" && key.holder === undefined))
    throw bad("the key that signs has no private half");
  return keys;
}

/** A ring from the text that `renderRing` made. Throws `signer-state` or `signer-key-invalid`. */
export function parseRing(text: string): Ring {
  let content: JsonRecord;
  try {
    const read: unknown = JSON.parse(text);
    if (!isRecord(read)) throw new TypeError("it is no object");
    content = read;
  } catch (cause) {
    throw new PodtrustError("signer-state", "the list of keys is no JSON object", { cause });
  }
  if (content["version"] !== format) throw bad("it is of another version of podtrust");
  const { changedAt } = content;
  if (!isTime(changedAt)) throw bad("it does not say when it changed");
  return { keys: readKeys(content["keys"]), changedAt };
}

/** A ring as text, of at most some 100 KiB. */
export function renderRing({ keys, changedAt }: Ring): string {
  return `${JSON.stringify({ version: format, changedAt, keys }, undefined, 2)}\n`;
}
