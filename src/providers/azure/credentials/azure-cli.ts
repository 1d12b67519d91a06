import { execFile } from "node:child_process";
import { isRecord, type JsonRecord, PodtrustError, programEnvironment } from "../../../core/base/index.ts";
import { jsonOf, saidWords } from "../../../core/http/index.ts";

const maxRun = 60_000;
const maxAnswer = 256 * 1024;

/** The token that the program is asked for. */
export interface CliOrder {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly tenant: string;
  /** `https://management.azure.com` */
  readonly resource: string;
}

const failed = (sentence: string): PodtrustError => new PodtrustError("azure-cli-failed", sentence);

// Its name is ours, and so are its arguments: no part of a config becomes a program, or an option of one.
function run({ env, tenant, resource }: CliOrder, signal: AbortSignal): Promise<string> {
  const args = [
    "account",
    "get-access-token",
    "--tenant",
    tenant,
    "--resource",
    resource,
    "--output",
    "json",
  ];
  const options = { env: programEnvironment("az", env), timeout: maxRun, maxBuffer: maxAnswer, signal };
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = execFile("az", args, options, (error, stdout, stderr) => {
    if (error === null) resolve(stdout);
    else if (signal.aborted) reject(signal.reason as Error);
    else if (error.code === "ENOENT") reject(failed("there is no program az in PATH"));
    else {
      const how = error.killed === true ? `did not end within ${maxRun / 1000} s` : "failed";
      // What it printed as an answer may be a token.
      const said = saidWords(stderr);
      reject(failed(`az account get-access-token ${how}${said === "" ? "" : `: ${said}`}`));
    }
  });
  child.stdin?.end();
  return promise;
}

/** The answer of `az account get-access-token`, which holds a token. Throws `azure-cli-failed`, which never quotes it. */
export async function askAzureCli(order: CliOrder, signal: AbortSignal): Promise<JsonRecord> {
  const answer = jsonOf({ body: Buffer.from(await run(order, signal)) });
  if (isRecord(answer)) return answer;
  throw failed("what az account get-access-token printed is no JSON object");
}
