import { createHash } from "node:crypto";
import { PodtrustError, shellWord } from "../../core/base/index.ts";

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
}

/** One server's copy of the record. */
export interface RecordKeeper {
  read(signal: AbortSignal): Promise<RecordCopy>;
  /** Writes it whole or not at all. False: it is not `over` any more, since another run has written. */
  write(text: string, over: string | undefined, signal: AbortSignal): Promise<boolean>;
}

// Some hundred bytes for each key and issuer.
const maxBytes = 1024 * 1024;
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
folder=${shellWord(this.#folder)}
printf 'now %s\\n' "$(date +%s%3N)"
if [ -f "$folder/record.json" ]; then
  printf 'record %s\\n' "$(head -c ${maxBytes + 1} "$folder/record.json" | base64 -w0)"
fi
`;
    const output = await this.#machine.run("reading what it remembers", script, signal);
    const { seconds = "", thousandths = "000" } =
      timePattern.exec(fieldOf(output, "now") ?? "")?.groups ?? {};
    if (seconds === "") throw this.#invalid("its clock gives no time");
    const encoded = fieldOf(output, "record");
    const text = encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString("utf8");
    if (text !== undefined && text.length > maxBytes) throw this.#invalid("its record has no end");
    return { now: Number(seconds) * 1000 + Number(thousandths), text };
  }

  async write(text: string, over: string | undefined, signal: AbortSignal): Promise<boolean> {
    const script = `set -eu
umask 077
folder=${shellWord(this.#folder)}
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

  #invalid(why: string): PodtrustError {
    return new PodtrustError("server-file-invalid", `${this.#machine.text}: ${why}`);
  }
}
