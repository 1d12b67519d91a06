#!/usr/bin/env node
/**
 * Keys of a PKCS #11 token for `podtrust signer --holder`: lines of JSON on standard input, and one for each on standard
 * output. A process of its own, so that a vendor's module neither reads nor breaks the signer.
 *
 *   PODTRUST_PKCS11_MODULE    the vendor's library
 *   PODTRUST_PKCS11_TOKEN     the token's label
 *   PODTRUST_PKCS11_PIN_FILE  a file with the user's PIN, which is this process's user's or root's alone (0600)
 *
 *   ← {"scheme":"pkcs11"}
 *   → {"id":1,"do":"public","key":"LABEL"}                                  ← {"id":1,"publicKey":"SPKI in base64"}
 *   → {"id":2,"do":"sign","key":"LABEL","alg":"ES256","input":"base64"}     ← {"id":2,"signature":"base64"}
 *                                                                           ← {"id":2,"error":"a sentence"}
 */
import { createHash, createPublicKey } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { createInterface } from "node:readline";

const { env } = process;

function setting(name) {
  const value = env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set`);
  return value;
}

const pinFile = "PODTRUST_PKCS11_PIN_FILE";

/** Bytes of a PIN's file. */
const maxPin = 4096;

function checkOwner(path, { uid, mode }, others) {
  if (uid !== process.geteuid() && uid !== 0) throw new Error(`${path} belongs to user ${uid}`);
  if ((mode & others) !== 0)
    throw new Error(`${path} can be ${others === 0o022 ? "written" : "read or written"} by others`);
}

/** Nobody else can swap what is in a folder of ours; nor what is ours in a sticky one, such as /tmp. */
function checkFolders(path) {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const facts = statSync(folder);
    checkOwner(folder, facts, (facts.mode & 0o1000) === 0 ? 0o022 : 0);
    if (folder === dirname(folder)) return;
  }
}

/** The PIN in a file that is its user's or root's alone. It is opened once: what was judged is what is read. */
function readPin(name) {
  const path = resolve(name);
  checkFolders(path);
  checkFolders(realpathSync(path));
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const facts = fstatSync(file);
    if (!facts.isFile()) throw new Error(`${path} is no regular file`);
    checkOwner(path, facts, 0o077);
    const bytes = Buffer.alloc(maxPin + 1);
    const count = readSync(file, bytes, 0, bytes.length, 0);
    if (count > maxPin) throw new Error(`${path} has more than ${maxPin} bytes`);
    return bytes.toString("utf8", 0, count).trim();
  } finally {
    closeSync(file);
  }
}

async function addon() {
  try {
    return (await import("pkcs11js")).default;
  } catch (cause) {
    throw new Error("the addon is not built: run podtrust-pkcs11-build", { cause });
  }
}

/** Opens the token and logs in; the session lasts as long as this process. */
async function openToken() {
  // First: a file that is refused is refused without the addon and the vendor's module.
  const pin = env[pinFile] ? readPin(env[pinFile]) : undefined;
  const library = await addon();
  const [path, label] = ["PODTRUST_PKCS11_MODULE", "PODTRUST_PKCS11_TOKEN", pinFile].map(setting);
  const opened = new library.PKCS11();
  opened.load(path);
  opened.C_Initialize();
  const slot = opened.C_GetSlotList(true).find((one) => opened.C_GetTokenInfo(one).label.trim() === label);
  if (slot === undefined) throw new Error(`there is no token ${label}`);
  const logged = opened.C_OpenSession(slot, library.CKF_SERIAL_SESSION);
  opened.C_Login(logged, library.CKU_USER, pin);
  return { pkcs11js: library, module: opened, session: logged };
}

/** A sentence for the signer's log. */
function complain({ message }) {
  process.stderr.write(`podtrust-pkcs11: ${message}\n`);
  process.exitCode = 1;
  return {};
}

const { pkcs11js, module, session } = await openToken().catch(complain);

/** The one object of a class with this label. */
function find(kind, label) {
  module.C_FindObjectsInit(session, [
    { type: pkcs11js.CKA_CLASS, value: kind },
    { type: pkcs11js.CKA_LABEL, value: label },
  ]);
  const found = module.C_FindObjects(session, 2);
  module.C_FindObjectsFinal(session);
  if (found.length === 1) return found[0];
  throw new Error(`the token has ${found.length === 0 ? "no key" : "several keys"} ${label}`);
}

function attributes(handle, ...types) {
  const asked = types.map((type) => ({ type }));
  return module.C_GetAttributeValue(session, handle, asked).map(({ value }) => value);
}

// By the bytes of a coordinate.
const curves = { 32: "P-256", 48: "P-384", 66: "P-521" };

/** A public key as a JWK. CKA_EC_POINT is an OCTET STRING of DER around 4, x and y (PKCS #11 3.0, 2.3.3). */
function jwkOf(handle) {
  const [kind] = attributes(handle, pkcs11js.CKA_KEY_TYPE);
  if (kind.readUInt8(0) === pkcs11js.CKK_RSA) {
    const [n, e] = attributes(handle, pkcs11js.CKA_MODULUS, pkcs11js.CKA_PUBLIC_EXPONENT);
    return { kty: "RSA", n: n.toString("base64url"), e: e.toString("base64url") };
  }
  const [point] = attributes(handle, pkcs11js.CKA_EC_POINT);
  const size = Object.keys(curves)
    .map(Number)
    .find((bytes) => point.length - (2 * bytes + 1) <= 3);
  const at = point.length - 2 * size;
  const [x, y] = [point.subarray(at, at + size), point.subarray(at + size)];
  return { kty: "EC", crv: curves[size], x: x.toString("base64url"), y: y.toString("base64url") };
}

function publicKey({ key }) {
  const jwk = jwkOf(find(pkcs11js.CKO_PUBLIC_KEY, key));
  const spki = createPublicKey({ key: jwk, format: "jwk" }).export({ type: "spki", format: "der" });
  return { publicKey: spki.toString("base64") };
}

const hashes = { ES256: "sha256", ES384: "sha384", ES512: "sha512" };
const handles = new Map();

/** RSA hashes inside the token; ECDSA is given the hash, and gives R and S side by side, as JWS has them. */
function sign({ key, alg, input }) {
  const handle = handles.get(key) ?? find(pkcs11js.CKO_PRIVATE_KEY, key);
  handles.set(key, handle);
  const bytes = Buffer.from(input, "base64");
  const isRsa = alg === "RS256";
  if (!isRsa && !Object.hasOwn(hashes, alg)) throw new Error(`there is no algorithm ${alg}`);
  const mechanism = isRsa ? pkcs11js.CKM_SHA256_RSA_PKCS : pkcs11js.CKM_ECDSA;
  const data = isRsa ? bytes : createHash(hashes[alg]).update(bytes).digest();
  module.C_SignInit(session, { mechanism }, handle);
  return { signature: module.C_Sign(session, data, Buffer.alloc(2048)).toString("base64") };
}

function answer(line) {
  const asked = JSON.parse(line);
  const { id } = asked;
  try {
    if (asked.do === "public") return { id, ...publicKey(asked) };
    if (asked.do === "sign") return { id, ...sign(asked) };
    return { id, error: "it cannot do that" };
  } catch (error) {
    handles.clear();
    return { id, error: String(error.message) };
  }
}

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

async function serve() {
  say({ scheme: "pkcs11" });
  for await (const line of createInterface({ input: process.stdin })) say(answer(line));
  module.C_CloseSession(session);
  module.C_Finalize();
}

if (session !== undefined) await serve();
