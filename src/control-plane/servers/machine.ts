import { defined, isRecord, type JsonRecord, PodtrustError, shellWord } from "../../core/base/index.ts";
import { readYaml } from "../../core/yaml/index.ts";
import { rootPathFunctions, type SshSession, stepFailure, targetText } from "../../providers/host/index.ts";

const stepMs = 60_000;
// A manifest or config file is a few kilobytes; etcd's own bound on an object is 1.5 MB.
const maxFile = 1024 * 1024;
const bounds = { bytes: maxFile, depth: 40, tokens: 200_000 };

/** Lines that a script printed as `LABEL BASE64`, decoded, in their order. */
export function fieldsOf(output: string, label: string): readonly string[] {
  return output.split("\n").flatMap((line) => {
    const [name, encoded = ""] = line.split(" ");
    return name === label ? [Buffer.from(encoded, "base64").toString("utf8")] : [];
  });
}

/** A control plane machine as its files and processes are asked over SSH. */
export class ServerMachine {
  readonly session: SshSession;

  constructor(session: SshSession) {
    this.session = session;
  }

  /** `k8s@203.0.113.7`, for sentences. */
  get text(): string {
    return targetText(this.session.target);
  }

  /** Runs a script that has to end well. `what` is for sentences: `reading its files`. */
  async run(what: string, script: string, signal: AbortSignal, stdin?: string): Promise<string> {
    const result = await this.session.run(script, {
      timeoutMs: stepMs,
      signal,
      ...defined({ stdin }),
    });
    if (result.code !== 0) throw stepFailure(this.session.target, what, result);
    return result.stdout;
  }

  /** A YAML file's object; undefined where there is no file. Throws `server-file-invalid`, and what `read` throws. */
  async readYaml(path: string, signal: AbortSignal): Promise<JsonRecord | undefined> {
    return (await this.readYamls([path], signal)).get(path);
  }

  /** The same with the text that it is of. */
  async readYamlText(
    path: string,
    signal: AbortSignal,
  ): Promise<{ readonly text: string; readonly value: JsonRecord } | undefined> {
    const text = await this.read(path, signal);
    return text === undefined ? undefined : { text, value: this.#yamlOf(path, text) };
  }

  /** The objects of YAML files by their paths, without those that are not there. Throws as `readYaml`. */
  async readYamls(paths: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, JsonRecord>> {
    const texts = await this.readAll(paths, signal);
    return new Map([...texts].map(([path, text]) => [path, this.#yamlOf(path, text)]));
  }

  /**
   * A file's text; undefined where there is none. Throws `host-path-refused` where somebody else than root decides what is read, and over
   * `maxBytes`, 1 MiB by default.
   */
  async read(path: string, signal: AbortSignal, maxBytes = maxFile): Promise<string | undefined> {
    return (await this.readAll([path], signal, maxBytes)).get(path);
  }

  /** The texts of files by their paths, without those that are not there. Throws as `read`. */
  async readAll(
    paths: readonly string[],
    signal: AbortSignal,
    maxBytes = maxFile,
  ): Promise<ReadonlyMap<string, string>> {
    if (paths.length === 0) return new Map();
    const script = `set -eu
${rootPathFunctions}
for path in ${paths.map(shellWord).join(" ")}; do
  file=$(root_file "$path" 0 ${maxBytes})
  if [ -e "$file" ]; then printf 'file %s\\n' "$(head -c ${maxBytes} "$file" | base64 -w0)"; else echo none; fi
done
`;
    const said = await this.run(`reading ${paths.join(", ")}`, script, signal);
    const lines = said.split("\n").filter((line) => line === "none" || line.startsWith("file"));
    return new Map(
      paths.flatMap((path, at) => {
        const line = lines[at] ?? "none";
        return line === "none" ? [] : [[path, fieldsOf(line, "file")[0] ?? ""] as const];
      }),
    );
  }

  #yamlOf(path: string, text: string): JsonRecord {
    const read = readYaml(text, bounds);
    const problem = "problems" in read ? read.problems[0]?.message : undefined;
    if (problem !== undefined || "problems" in read)
      throw new PodtrustError("server-file-invalid", `${this.text}: ${path} ${problem ?? "is no YAML"}`);
    if (read.value === null) return {};
    if (isRecord(read.value)) return read.value;
    throw new PodtrustError("server-file-invalid", `${this.text}: ${path} holds no mapping`);
  }
}
