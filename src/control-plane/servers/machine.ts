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
    const text = await this.read(path, signal);
    if (text === undefined) return undefined;
    const read = readYaml(text, bounds);
    const problem = "problems" in read ? read.problems[0]?.message : undefined;
    if (problem !== undefined || "problems" in read)
      throw new PodtrustError("server-file-invalid", `${this.text}: ${path} ${problem ?? "is no YAML"}`);
    if (read.value === null) return {};
    if (isRecord(read.value)) return read.value;
    throw new PodtrustError("server-file-invalid", `${this.text}: ${path} holds no mapping`);
  }

  /**
   * A file's text; undefined where there is none. Throws `host-path-refused` where somebody else than root decides what is read, and over
   * `maxBytes`, 1 MiB by default.
   */
  async read(path: string, signal: AbortSignal, maxBytes = maxFile): Promise<string | undefined> {
    const script = `set -eu
${rootPathFunctions}
file=$(root_file ${shellWord(path)} 0 ${maxBytes})
[ -e "$file" ] || exit 0
head -c ${maxBytes} "$file" | base64 -w0 | sed 's/^/file /'
`;
    const [text] = fieldsOf(await this.run(`reading ${path}`, script, signal), "file");
    return text;
  }
}
