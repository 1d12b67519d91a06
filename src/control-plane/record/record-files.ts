import { createHash, createPublicKey } from "node:crypto";
import { defined, PodtrustError, shellWord } from "../../core/base/index.ts";
import { rootPathFunctions } from "../../providers/host/index.ts";
import { kubernetesKid } from "../../rules/keys/index.ts";
import type { NextHalf } from "../../rules/rotation/index.ts";

/** What runs scripts on a machine as root: `ServerMachine` of `control-plane/servers/`. */
export interface RecordMachine {
  /** For sentences. */
  readonly text: string;
  /** Runs a script that has to end well. Throws `host-*`, `ssh-*`. */
  run(what: string, script: string, signal: AbortSignal, stdin?: string): Promise<string>;
}

/** What one server has of the record, and its clock. */
export interface RecordCopy {
  /** Milliseconds since the epoch, by the server's own clock. */
  readonly now: number;
  /** Undefined where it has none. */
  readonly text: string | undefined;
  /** Public halves of keys that are to sign next. */
  readonly halves: readonly NextHalf[];
}

/** One server's copy of the record. */
export interface RecordKeeper {
  read(signal: AbortSignal): Promise<RecordCopy>;
  /** Writes it whole or not at all. False: it is not `over` any more, since another run has written. */
  write(text: string, over: string | undefined, signal: AbortSignal): Promise<boolean>;
  /** Keeps the public half of a key that is to sign next, and what is encrypted of it. */
  putHalf(half: NextHalf, signal: AbortSignal): Promise<void>;
  /** Removes both; that they are gone is success. */
  forgetHalf(kid: string, signal: AbortSignal): Promise<void>;
}

// Some hundred bytes for each key and issuer.
const maxBytes = 1024 * 1024;
// An RSA key of 2048 bits for twenty recipients has 6,000 characters.
const maxHalf = 65_536;
const absent = "absent";
const elsewhere = "elsewhere";

// What a date has that knows no milliseconds is left out.
const timePattern = /^(?<seconds>\d{9,11}?)(?<thousandths>\d{3})?(?:\D.*)?$/u;

const sumOf = (text: string | undefined): string =>
  text === undefined ? absent : createHash("sha256").update(text).digest("hex");

/** `now MILLISECONDS` and `record BASE64`, line by line. */
function fieldOf(output: string, label: string): string | undefined {
  const line = output.split("\n").find((one) => one.startsWith(`${label} `));
  return line?.slice(label.length + 1);
}

const kidPattern = /^[A-Za-z0-9_-]{43}$/u;

/** The half in a file whose name is a key's ID. Undefined for one that is not that key's. */
function halfOf([, kid = "", encoded = "", file = ""]: readonly string[]): NextHalf | undefined {
  const publicKey = Buffer.from(encoded, "base64").toString("utf8");
  try {
    if (kubernetesKid(createPublicKey(publicKey)) !== kid) return undefined;
  } catch {
    return undefined;
  }
  return { kid, publicKey, ...defined({ file: file === "" ? undefined : file }) };
}

/** A copy in podtrust's own folder on a machine, which only root may enter. */
export class RecordFiles implements RecordKeeper {
  readonly #machine: RecordMachine;
  readonly #folder: string;

  /** `root`: podtrust's folder there, absolute: where `KeptFiles` keeps what it has changed. */
  constructor(machine: RecordMachine, root: string) {
    this.#machine = machine;
    this.#folder = `${root}/record`;
  }

  async read(signal: AbortSignal): Promise<RecordCopy> {
    const script = `set -eu
${rootPathFunctions}
folder=$(root_path ${shellWord(this.#folder)})
printf 'now %s\\n' "$(date +%s%3N)"
if [ -f "$folder/record.json" ]; then
  printf 'record %s\\n' "$(head -c ${maxBytes + 1} "$folder/record.json" | base64 -w0)"
fi
for half in "$folder"/next/*.pub; do
  if [ ! -f "$half" ]; then continue; fi
  kid=$(basename "$half" .pub)
  printf 'half %s %s ' "$kid" "$(head -c ${maxHalf} "$half" | base64 -w0)"
  if [ -f "$folder/next/$kid.age" ]; then head -c ${maxHalf} "$folder/next/$kid.age" | base64 -w0; fi
  echo
done
`;
    const output = await this.#machine.run("reading what it remembers", script, signal);
    const { seconds = "", thousandths = "000" } =
      timePattern.exec(fieldOf(output, "now") ?? "")?.groups ?? {};
    if (seconds === "") throw this.#invalid("its clock gives no time");
    const encoded = fieldOf(output, "record");
    const text = encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString("utf8");
    if (text !== undefined && text.length > maxBytes) throw this.#invalid("its record has no end");
    const halves = output.split("\n").flatMap((line) => {
      const half = line.startsWith("half ") ? halfOf(line.split(" ")) : undefined;
      return half === undefined ? [] : [half];
    });
    return { now: Number(seconds) * 1000 + Number(thousandths), text, halves };
  }

  async write(text: string, over: string | undefined, signal: AbortSignal): Promise<boolean> {
    const script = `set -eu
umask 077
${rootPathFunctions}
folder=$(root_path ${shellWord(this.#folder)})
file="$folder/record.json"
new="$folder/.record.json.podtrust-new"
mkdir -p "$folder"
chmod 0700 "$(dirname "$folder")" "$folder"
if command -v flock >/dev/null; then exec 9<"$folder"; flock -w 30 9; fi
trap 'rm -f "$new"' EXIT
stands=${absent}
if [ -f "$file" ]; then stands=$(sha256sum <"$file" | cut -c1-64); fi
if [ "$stands" != ${sumOf(over)} ]; then echo ${elsewhere}; exit 0; fi
cat >"$new"
if [ "$(wc -c <"$new")" -ne ${Buffer.byteLength(text)} ]; then echo 'the connection was lost' >&2; exit 1; fi
sync "$new" 2>/dev/null || sync
mv -f "$new" "$file"
`;
    const said = await this.#machine.run("writing what it remembers", script, signal, text);
    return !said.includes(elsewhere);
  }

  async putHalf({ kid, publicKey, file = "" }: NextHalf, signal: AbortSignal): Promise<void> {
    const path = this.#half(kid);
    const script = `set -eu
umask 077
${rootPathFunctions}
folder=$(root_path ${shellWord(`${this.#folder}/next`)})
path=${path}
mkdir -p "$folder"
chmod 0700 "$(dirname "$(dirname "$folder")")" "$(dirname "$folder")" "$folder"
trap 'rm -f "$folder/.pub.podtrust-new" "$folder/.age.podtrust-new"' EXIT
read -r public
read -r file || true
printf %s "$public" | base64 -d >"$folder/.pub.podtrust-new"
if [ -n "$file" ]; then
  printf %s "$file" | base64 -d >"$folder/.age.podtrust-new"
  sync "$folder/.age.podtrust-new" 2>/dev/null || sync
  mv -f "$folder/.age.podtrust-new" "$path.age"
fi
sync "$folder/.pub.podtrust-new" 2>/dev/null || sync
mv -f "$folder/.pub.podtrust-new" "$path.pub"
`;
    const lines = `${Buffer.from(publicKey).toString("base64")}\n${file}\n`;
    await this.#machine.run("keeping the next key's public half", script, signal, lines);
  }

  async forgetHalf(kid: string, signal: AbortSignal): Promise<void> {
    const path = this.#half(kid);
    await this.#machine.run("forgetting the next key's half", `rm -f ${path}.pub ${path}.age\n`, signal);
  }

  /** Throws `server-file-invalid` for what is no key ID. */
  #half(kid: string): string {
    if (kidPattern.test(kid)) return shellWord(`${this.#folder}/next/${kid}`);
    throw this.#invalid(`${JSON.stringify(kid)} is no key ID of Kubernetes' form`);
  }

  #invalid(why: string): PodtrustError {
    return new PodtrustError("server-file-invalid", `${this.#machine.text}: ${why}`);
  }
}
