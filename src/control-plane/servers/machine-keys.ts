import { PodtrustError, shellWord } from "../../core/base/index.ts";
import { rootPathFunctions } from "../../providers/host/index.ts";
import type { ServerMachine } from "./machine.ts";

/** What a key that is made signs with. */
export type MachineKeyAlgorithm = "RS256" | "ES256";

/** A key whose private half lies on a machine under its kid. */
export interface MachineKey {
  readonly kid: string;
  /** PEM of the public half. */
  readonly publicKey: string;
}

/** Beside the keys: what another machine encrypts to. */
const recipientKey = ".podtrust-recipient.key";
const kidPattern = /^[A-Za-z0-9_-]{43}$/u;
const generate: Readonly<Record<MachineKeyAlgorithm, string>> = {
  RS256: "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
  ES256: "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
};

// kid: base64url(SHA-256(DER SubjectPublicKeyInfo)), as Kubernetes has it. What a file's text is on the way has a name that a dot begins.
const functions = `
command -v openssl >/dev/null || { echo 'openssl is not installed on this machine' >&2; exit 1; }
kid() { openssl pkey -in "$1" -pubout -outform DER | openssl dgst -sha256 -binary | base64 -w0 | tr '+/' '-_' | tr -d '='; }
half() { printf 'key %s %s\\n' "$(kid "$1")" "$(openssl pkey -in "$1" -pubout | base64 -w0)"; }
# Where the disk is full, openssl writes nothing and ends well.
whole() {
  if ! openssl pkey -in "$1" -noout 2>/dev/null; then echo 'the key was not written whole: is the disk full?' >&2; exit 1; fi
}
# The same key stays as it is: a group may have been let to read it.
place() {
  real=$(root_file "$folder/podtrust-sa-$2.key")
  if ! cmp -s "$1" "$real"; then root_place "$1" "$real"; fi
}
new=
trap 'rm -f "$new"' EXIT
`;

function checkedKid(kid: string): string {
  if (kidPattern.test(kid)) return kid;
  throw new PodtrustError("server-file-invalid", `${JSON.stringify(kid)} is no key ID of Kubernetes' form`);
}

const keyName = (kid: string): string => `podtrust-sa-${checkedKid(kid)}.key`;

/** The file of a key's private half in a folder. Throws `server-file-invalid` for what is no kid. */
export function machineKeyFile(folder: string, kid: string): string {
  return `${folder}/${keyName(kid)}`;
}

function keysOf(output: string): readonly MachineKey[] {
  return output.split("\n").flatMap((line) => {
    const [label, kid = "", encoded = ""] = line.split(" ");
    if (label !== "key" || !kidPattern.test(kid)) return [];
    return [{ kid, publicKey: Buffer.from(encoded, "base64").toString("utf8") }];
  });
}

/**
 * Private halves of signing keys on one machine, each in a file of its own, mode 0600, by the rule of paths. They are made there and never leave but
 * encrypted to another machine's certificate (CMS, RFC 5652). What goes through our hands is public or ciphertext, but for a next
 * key that was kept away from the machines on purpose (`put`).
 */
export class MachineKeys {
  readonly folder: string;
  readonly #machine: ServerMachine;

  /** `folder`: absolute, on the machine, where its API server may read. */
  constructor(machine: ServerMachine, folder: string) {
    this.#machine = machine;
    this.folder = folder;
  }

  /** Makes a key that nothing uses yet. */
  async make(algorithm: MachineKeyAlgorithm, signal: AbortSignal): Promise<MachineKey> {
    const script = `new=$(root_new "$folder")
openssl genpkey ${generate[algorithm]} -out "$new" 2>/dev/null
whole "$new"
half "$new"
place "$new" "$(kid "$new")"
`;
    return this.#one("making a key", script, signal);
  }

  /** Keeps a copy of the first private key of a file under its kid. */
  async keep(file: string, signal: AbortSignal): Promise<MachineKey> {
    const script = `new=$(root_new "$folder")
file=$(root_file ${shellWord(file)})
openssl pkey -in "$file" -out "$new"
whole "$new"
half "$new"
place "$new" "$(kid "$new")"
`;
    return this.#one("keeping the key that signs", script, signal);
  }

  /** Every key whose private half is here. */
  async list(signal: AbortSignal): Promise<readonly MachineKey[]> {
    const script = `for file in "$folder"/podtrust-sa-*.key; do
  if [ -f "$file" ]; then real=$(root_file "$file"); half "$real"; fi
done
`;
    return keysOf(await this.#run("listing keys", script, signal));
  }

  /** A certificate that another machine encrypts to; its key stays here until the next `take`. PEM. */
  async recipient(signal: AbortSignal): Promise<string> {
    // The machine's own openssl.cnf may say anything, or be absent.
    const script = `new=$(root_new "$folder")
real=$(root_file "$folder/${recipientKey}")
printf '[req]\\ndistinguished_name=dn\\n[dn]\\n' | openssl req -config /dev/stdin -x509 -newkey rsa:3072 -nodes \\
  -keyout "$new" -subj /CN=podtrust -days 2 2>/dev/null
whole "$new"
root_place "$new" "$real"
`;
    return this.#run("making a certificate to encrypt to", script, signal);
  }

  /** A private half, encrypted. PEM. */
  async seal(kid: string, recipient: string, signal: AbortSignal): Promise<string> {
    const script = `new=$(root_new "$folder")
cat >"$new"
real=$(root_file ${shellWord(machineKeyFile(this.folder, kid))})
openssl cms -encrypt -binary -aes256 -outform PEM -in "$real" \\
  -recip "$new" -keyopt rsa_padding_mode:oaep
`;
    return this.#run("encrypting a key", script, signal, recipient);
  }

  /** Takes an encrypted private half; refuses one of another kid. */
  async take(kid: string, sealed: string, signal: AbortSignal): Promise<void> {
    const script = `new=$(root_new "$folder")
own=$(root_file "$folder/${recipientKey}")
openssl cms -decrypt -inform PEM -inkey "$own" -out "$new"
if [ "$(kid "$new")" != ${checkedKid(kid)} ]; then echo 'it is another key' >&2; exit 1; fi
place "$new" ${checkedKid(kid)}
rm -f "$own"
`;
    await this.#run("taking a key", script, signal, sealed);
  }

  /** Takes a private half as it is, over the session's standard input; refuses one of another kid. */
  async put(kid: string, privateKey: string, signal: AbortSignal): Promise<void> {
    const script = `new=$(root_new "$folder")
cat >"$new"
if [ "$(kid "$new")" != ${checkedKid(kid)} ]; then echo 'it is another key' >&2; exit 1; fi
place "$new" ${checkedKid(kid)}
`;
    await this.#run("taking a key", script, signal, privateKey);
  }

  /** Removes a private half; that it is gone is success. */
  async forget(kid: string, signal: AbortSignal): Promise<void> {
    await this.#run("forgetting a key", `rm -f "$folder/${keyName(kid)}"\n`, signal);
  }

  async #one(what: string, script: string, signal: AbortSignal): Promise<MachineKey> {
    const [key] = keysOf(await this.#run(what, script, signal));
    if (key !== undefined) return key;
    throw new PodtrustError("server-file-invalid", `${this.#machine.text}: ${what} gave no key`);
  }

  async #run(what: string, script: string, signal: AbortSignal, stdin?: string): Promise<string> {
    const whole = `set -eu
umask 077
${rootPathFunctions}
folder=$(root_path ${shellWord(this.folder)})
${functions}${script}`;
    return this.#machine.run(what, whole, signal, stdin);
  }
}
