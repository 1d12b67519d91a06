import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import type { JobResult } from "../providers/aws/index.ts";
import { errorText, PodtrustError } from "../core/base/index.ts";
import { roleEnvironment } from "../rules/injection/index.ts";
import { makeFolder, writePrivateFile } from "./files.ts";

/** How the demo job is run: the guide's pod, as a child process. */
export interface Workload {
  /** The program and its first arguments that run `podtrust job`. */
  readonly program: readonly string[];
  /** A folder of the demo's own; each run gets a home of its own in it. */
  readonly folder: string;
  /** Where AWS is: the sandbox. */
  readonly endpoint: string;
  readonly region: string;
  readonly roleArn: string;
  readonly sessionName: string;
  readonly signal: AbortSignal;
}

/** One run of the job: with this token in the projected file, or with none. */
export interface JobRun {
  readonly token: string | undefined;
  /** Reads this parameter instead of listing names. */
  readonly read?: string;
  /** Lists the names under this path. */
  readonly path?: string;
}

const maxRun = 30_000;
const maxOutput = 256 * 1024;
const maxComplaint = 500;

/**
 * The job's whole environment: what a pod gets for a role, plus the stand-in for AWS's address. Nothing else
 * is passed on, so that no other credential can replace the token.
 */
export function jobEnvironment(
  workload: Workload,
  home: string,
  tokenFile: string | undefined,
): NodeJS.ProcessEnv {
  const { AWS_WEB_IDENTITY_TOKEN_FILE, ...role } = roleEnvironment(workload, tokenFile ?? "");
  return {
    HOME: home,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_ENDPOINT_URL: workload.endpoint,
    ...role,
    ...(tokenFile === undefined ? {} : { AWS_WEB_IDENTITY_TOKEN_FILE }),
  };
}

function collect(workload: Workload, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const [command = process.execPath, ...first] = workload.program;
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...first, ...args], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
      signal: workload.signal,
      timeout: maxRun,
    });
    let output = "";
    let complaint = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(0, maxOutput);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(0, maxComplaint);
    });
    let failure: Error | undefined;
    child.on("error", (error) => {
      failure = error;
    });
    // Also after it was stopped: until then it writes into the folder that is removed next.
    child.on("close", (code, signal) => {
      if (failure !== undefined) reject(failure);
      else if (output.trim() === "")
        reject(new Error(`it ended with ${signal ?? code} and said nothing. ${complaint.trim()}`));
      else resolve(output);
    });
  });
}

/**
 * Runs the job once: a token in a file as kubelet projects it, the variables, the real SDK. What AWS refuses is part
 * of the result. Throws `demo-job-failed`, `file-unwritable` or `interrupted`.
 */
export async function runJob(workload: Workload, run: JobRun): Promise<JobResult> {
  const home = await makeFolder(workload.folder, "pod-");
  try {
    // Without a line end: the SDKs send the file as it is.
    const tokenFile = run.token === undefined ? undefined : await writePrivateFile(home, "token", run.token);
    const read = run.read === undefined ? [] : ["--read", run.read];
    const path = run.path === undefined ? [] : ["--path", run.path];
    const args = ["job", "--json", ...read, ...path];
    const text = await collect(workload, args, jobEnvironment(workload, home, tokenFile));
    return JSON.parse(text) as JobResult;
  } catch (cause) {
    if (workload.signal.aborted) throw new PodtrustError("interrupted", "the demo was ended", { cause });
    if (cause instanceof PodtrustError) throw cause;
    throw new PodtrustError("demo-job-failed", `the demo job did not answer: ${errorText(cause)}`, { cause });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
