/**
 * What k3s does on a stand-in host: its start as far as files, keys and its log go, and `certificate rotate-ca`. Written after what k3s'
 * own code was read to do and seen to do (v1.34.3+k3s1), each rule with its source beside it; shares no code with what it tests.
 *
 *   node k3s-stand-in.ts start JOURNAL WORD…    what `systemctl start k3s` does; WORDs stand behind `k3s server`
 *   node k3s-stand-in.ts rotate-ca …            what `k3s certificate rotate-ca …` does
 *
 * Its datastore is a file, the one that /run/stand-in/datastore names: several hosts may share it.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";

const folder = "/etc/rancher/k3s";
const [command = "", ...args] = process.argv.slice(2);

function values(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  return value === null || value === undefined ? [] : [JSON.stringify(value).replaceAll('"', "")];
}

/** pkg/configfilearg/parser.go, dotDFiles: `.yaml` and `.yml` in any case, hidden ones too, no folders, by the bytes of the names. */
function configFiles(): readonly string[] {
  const inFolder = existsSync(`${folder}/config.yaml.d`)
    ? readdirSync(`${folder}/config.yaml.d`, { withFileTypes: true })
    : [];
  const names = inFolder
    .filter((one) => !one.isDirectory() && /\.ya?ml$/iu.test(one.name))
    .map(({ name }) => name);
  names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return [`${folder}/config.yaml`, ...names.map((name) => `${folder}/config.yaml.d/${name}`)].filter((file) =>
    existsSync(file),
  );
}

/** The same, readConfigFile: a key takes the place of earlier files', `KEY+` adds to them; the command line comes behind. */
function settings(words: readonly string[]): Map<string, string[]> {
  const merged = new Map<string, string[]>();
  for (const file of configFiles()) {
    const read = parse(readFileSync(file, "utf8"), { version: "1.1", uniqueKeys: false }) as object | null;
    for (const [key, value] of Object.entries(read ?? {})) {
      const name = key.replace(/\+$/u, "");
      merged.set(name, key.endsWith("+") ? [...(merged.get(name) ?? []), ...values(value)] : values(value));
    }
  }
  for (let at = 0; at < words.length; at += 1) {
    const [, name = "", value] = /^--?([^=]+)(?:=(.*))?$/su.exec(words[at] ?? "") ?? [];
    if (value === undefined) at += 1;
    merged.set(name, [...(merged.get(name) ?? []), value ?? words[at] ?? ""]);
  }
  return merged;
}

/** pkg/util/args.go, GetArgs: entry by entry; the first with + or - pulls the default in, and a plain one drops it. */
function merge(defaults: Readonly<Record<string, string>>, entries: readonly string[]): readonly string[] {
  const left: Record<string, string> = { ...defaults };
  const given: Record<string, string[]> = {};
  for (const entry of entries) {
    const [, written = "", value = "true"] = /^(?:--)?([^=]*)(?:=(.*))?$/su.exec(entry) ?? [];
    const name = written.replace(/[+-]+$/u, "");
    const standard = left[name] === undefined ? [] : [left[name]];
    delete left[name];
    const before = given[name] ?? [];
    if (written.endsWith("+")) given[name] = [...standard, ...before, value];
    else if (written.endsWith("-")) given[name] = [value, ...standard, ...before];
    else given[name] = [...before, value];
  }
  for (const [name, value] of Object.entries(left)) given[name] = [value];
  return Object.keys(given)
    .sort()
    .flatMap((name) => (given[name] ?? []).map((value) => `--${name}=${value}`));
}

/** A file as the datastore has it: pkg/bootstrap/bootstrap.go, File. */
interface Stored {
  readonly content: string;
  /** Seconds since the epoch. */
  readonly at: number;
}

interface Datastore {
  /** What its encryption is derived from. */
  readonly token: string;
  readonly files: Readonly<Record<string, Stored>>;
}

const storeFile = (data: string): string =>
  existsSync("/run/stand-in/datastore")
    ? readFileSync("/run/stand-in/datastore", "utf8").trim()
    : `${data}/server/db/datastore.json`;

const readStore = (data: string): Datastore | undefined =>
  existsSync(storeFile(data)) ? (JSON.parse(readFileSync(storeFile(data), "utf8")) as Datastore) : undefined;

/** A commit of SQLite's is whole or not at all, also on a full disk. Source: https://www.sqlite.org/atomiccommit.html */
function writeStore(data: string, store: Datastore): void {
  const file = storeFile(data);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}-journal`, JSON.stringify(store), { mode: 0o600 });
  renameSync(`${file}-journal`, file);
}

const passwordOf = (token: string): string => token.trim().replace(/^.*:/u, "");
const hashOf = (token: string): string => createHash("sha256").update(passwordOf(token)).digest("hex");
/** In its place, so that a full disk leaves it empty and young: pkg/bootstrap/bootstrap.go, WriteToDiskFromStorage, writes and then sets the time. */
const put = (file: string, text: string): void => {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, text, { mode: 0o600 });
};

class Fatal extends Error {}

const differentToken = "bootstrap data already found and encrypted with different token";
/** Of pkg/daemons/config/types.go, ControlRuntimeBootstrap: those that tests look at. */
const bootstrapFiles = ["tls/service.key", "tls/server-ca.crt"];
const present = (data: string): readonly string[] =>
  bootstrapFiles.filter((name) => existsSync(join(data, "server", name)));

/** What a start stores: pkg/bootstrap/bootstrap.go, ReadFromDisk. */
function onDisk(data: string): Record<string, Stored> {
  return Object.fromEntries(
    present(data).map((name) => {
      const file = join(data, "server", name);
      return [name, { content: readFileSync(file, "utf8"), at: Math.floor(statSync(file).mtimeMs / 1000) }];
    }),
  );
}

/**
 * pkg/cluster/bootstrap.go, ReconcileBootstrapData and isNewerFile: a file that differs and is three seconds younger ends the start, an
 * older one is written anew.
 */
function reconcile(data: string, { files }: Datastore, say: (level: string, text: string) => void): void {
  const newer: string[] = [];
  for (const [name, { content, at }] of Object.entries(files)) {
    const file = join(data, "server", name);
    if (!existsSync(file) || readFileSync(file, "utf8") === content) continue;
    if (Math.floor(statSync(file).mtimeMs / 1000) - at >= 3) newer.push(file);
    else say("warning", `${file} will be updated from the datastore.`);
  }
  if (newer.length > 0) {
    throw new Fatal(
      `${newer.join(", ")} newer than datastore and could cause a cluster outage. Remove the file(s) from disk and restart to be recreated from datastore.`,
    );
  }
  for (const [name, { content }] of Object.entries(files)) {
    const file = join(data, "server", name);
    if (!existsSync(file) || readFileSync(file, "utf8") !== content) put(file, content);
  }
}

const blocks = (text: string): readonly string[] =>
  text.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/gu) ?? [];

/** client-go, util/keyutil, ParsePrivateKeyPEM: the first private key of a file, in any form. */
function firstPrivate(text: string): KeyObject {
  const block = blocks(text).find((one) => one.includes("PRIVATE KEY"));
  if (block === undefined) throw new Fatal("data does not contain a valid RSA or ECDSA private key");
  return createPrivateKey(block);
}

/** The same, ParsePublicKeysPEM: of a PKCS#8 block the public half of an RSA key alone; an EC key there is passed over. */
function publicKeys(text: string): readonly string[] {
  return blocks(text).flatMap((block) => {
    const key = block.includes("PRIVATE KEY")
      ? createPublicKey(createPrivateKey(block))
      : createPublicKey(block);
    if (block.includes("BEGIN PRIVATE KEY") && key.asymmetricKeyType !== "rsa") return [];
    return [key.export({ type: "spki", format: "pem" })];
  });
}

/**
 * What its API server answers: documents of the first issuer, and a token of a ServiceAccount by the key that signs. Source:
 * pkg/serviceaccount/openidmetadata.go and jwt.go of Kubernetes; a kid is the base64url of the SHA-256 of the SPKI.
 */
function answer(flags: readonly string[], signer: KeyObject): void {
  const valueOf = (name: string): string | undefined =>
    flags.find((flag) => flag.startsWith(`--${name}=`))?.slice(name.length + 3);
  const issuer = valueOf("service-account-issuer") ?? "";
  const open = createPublicKey(signer);
  const kid = createHash("sha256")
    .update(open.export({ type: "spki", format: "der" }))
    .digest("base64url");
  const alg = open.asymmetricKeyType === "rsa" ? "RS256" : "ES256";
  const uri = valueOf("service-account-jwks-uri") ?? "https://127.0.0.1:6443/openid/v1/jwks";
  const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const answers = {
    discovery: JSON.stringify({ issuer, jwks_uri: uri }),
    jwks: JSON.stringify({ keys: [{ use: "sig", kid, alg, ...open.export({ format: "jwk" }) }] }),
    token: `${encoded({ alg, kid })}.${encoded({ iss: issuer })}.c2lnbmF0dXJl`,
  };
  for (const [name, text] of Object.entries(answers)) writeFileSync(`/run/stand-in/${name}`, text);
}

function start(journal: string, words: readonly string[]): void {
  const say = (level: string, text: string): void =>
    appendFileSync(journal, `time="2026-11-25T12:00:00Z" level=${level} msg=${JSON.stringify(text)}\n`);
  try {
    const given = settings(words);
    const data = given.get("data-dir")?.at(-1) ?? given.get("d")?.at(-1) ?? "/var/lib/rancher/k3s";
    const server = join(data, "server");
    const [tokenFile, passwd] = [join(server, "token"), join(server, "cred/passwd")];
    // pkg/cluster/storage.go, getBootstrapKeyFromStorage; pkg/daemons/control/deps/deps.go, genUsers.
    const said = existsSync(tokenFile) ? readFileSync(tokenFile, "utf8") : undefined;
    const store = readStore(data);
    if (store !== undefined && said !== undefined && store.token !== hashOf(said))
      throw new Fatal(differentToken);
    if (store !== undefined) reconcile(data, store, say);
    const password = existsSync(passwd)
      ? readFileSync(passwd, "utf8").trim()
      : randomBytes(16).toString("hex");
    put(passwd, `${password}\n`);
    const keyFile = join(server, "tls/service.key");
    if (!existsSync(keyFile)) {
      const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
      put(keyFile, privateKey.export({ type: "pkcs1", format: "pem" }));
    }
    // The same, genServiceAccount: at each start.
    const signer = firstPrivate(readFileSync(keyFile, "utf8"));
    const type = signer.asymmetricKeyType === "rsa" ? "pkcs1" : "sec1";
    put(join(server, "tls/service.current.key"), signer.export({ type, format: "pem" }));
    if (store === undefined) writeStore(data, { token: hashOf(said ?? password), files: onDisk(data) });
    put(tokenFile, `K10stand-in::server:${password}\n`);
    const issuer = `https://kubernetes.default.svc.${given.get("cluster-domain")?.at(-1) ?? "cluster.local"}`;
    const flags = merge(
      {
        "anonymous-auth": "false",
        "api-audiences": `${issuer},k3s`,
        "service-account-issuer": issuer,
        "service-account-key-file": keyFile,
        "service-account-signing-key-file": join(server, "tls/service.current.key"),
        ...(given.get("secrets-encryption")?.[0] === "true"
          ? { "encryption-provider-config": join(server, "cred/encryption-config.json") }
          : {}),
      },
      given.get("kube-apiserver-arg") ?? [],
    );
    say("info", `Running kube-apiserver ${flags.join(" ")}`);
    // Kubernetes, pkg/kubeapiserver/options/authentication.go, Validate.
    const issuers = flags.filter((flag) => flag.startsWith("--service-account-issuer="));
    const twice = issuers.find((one, at) => issuers.indexOf(one) < at);
    if (twice !== undefined)
      throw new Fatal(`apiserver exited: service-account-issuer "${twice.slice(25)}" is already specified`);
    mkdirSync("/run/stand-in", { recursive: true });
    answer(flags, signer);
    writeFileSync(
      "/run/stand-in/supervisor",
      `https://127.0.0.1:${given.get("https-listen-port")?.at(-1) ?? "6443"}`,
    );
  } catch (error) {
    if (!(error instanceof Fatal)) throw error;
    say("fatal", error.message);
    process.exitCode = 1;
  }
}

/** pkg/cli/cert/cert.go, rotateCA, and pkg/server/handlers/cert.go, caCertReplace with its checks. */
function rotateCa(words: readonly string[]): void {
  const option = (name: string, standard: string): string => {
    const at = words.findIndex((word) => word === `--${name}` || word.startsWith(`--${name}=`));
    if (at === -1) return standard;
    return words[at]?.includes("=") === true ? (words[at]?.split("=")[1] ?? "") : (words[at + 1] ?? "");
  };
  const data = option("data-dir", "/var/lib/rancher/k3s");
  const asked = option("server", "https://127.0.0.1:6443");
  const answers = existsSync("/run/stand-in/supervisor")
    ? readFileSync("/run/stand-in/supervisor", "utf8")
    : "";
  if (asked !== answers)
    throw new Fatal(`failed to get CA certs: Get "${asked}/cacerts": dial tcp: connect: connection refused`);
  const [token, store] = [readFileSync(join(data, "server/token"), "utf8"), readStore(data)];
  if (store === undefined || store.token !== hashOf(token))
    throw new Fatal(`see server log for details: ${differentToken}`);
  const staged = join(option("path", ""), "tls/service.key");
  const old = readFileSync(join(data, "server/tls/service.key"), "utf8");
  const list = existsSync(staged) ? readFileSync(staged, "utf8") : old;
  if (!words.includes("--force") && !publicKeys(list).includes(publicKeys(old)[0] ?? "")) {
    throw new Fatal(
      "see server log for details: failed to validate new CA certificates and keys: ServiceKey: old ServiceAccount signing key not in new ServiceAccount key list",
    );
  }
  // What is not staged is taken from the disk of the server that answers.
  const now = { content: list, at: Math.floor(Date.now() / 1000) };
  writeStore(data, { ...store, files: { ...onDisk(data), "tls/service.key": now } });
  process.stdout.write("certificates saved to datastore\n");
}

if (command === "start") start(args[0] ?? "", args.slice(1));
else {
  try {
    rotateCa(args);
  } catch (error) {
    if (!(error instanceof Fatal)) throw error;
    process.stderr.write(`FATA[0000] ${error.message}\n`);
    process.exitCode = 1;
  }
}
