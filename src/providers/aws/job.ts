import type { SSMClient } from "@aws-sdk/client-ssm";
import { defined } from "../../core/base/index.ts";
import { type AwsComplaint, complaintOf } from "./failure.ts";
import type { CallerIdentity } from "./identity.ts";

/** What the demo job asks for. */
export interface JobOptions {
  /** Lists the names of parameters under this path, `/` by default. */
  readonly path?: string;
  /** Reads this one parameter in place of the list. Its value is not part of the result. */
  readonly read?: string;
  readonly signal?: AbortSignal;
}

/** What the demo job found: one JSON object on its standard output. */
export interface JobResult {
  readonly identity?: CallerIdentity;
  /** Names of the parameters that it may read, sorted. */
  readonly parameters?: readonly string[];
  /** The parameter that was asked for by name. */
  readonly read?: { readonly name: string; readonly type: string; readonly version: number };
  /** The first call that was refused: AWS's code and text, or the SDK's where it stopped before asking. */
  readonly error?: AwsComplaint & { readonly call: string };
}

// Ten parameters a page: a thousand of them is far more than a demo reads.
const maxPages = 100;

async function parameterNames(client: SSMClient, path: string, options: object): Promise<readonly string[]> {
  const { GetParametersByPathCommand } = await import("@aws-sdk/client-ssm");
  const names: string[] = [];
  let token: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const input = { Path: path, Recursive: true, WithDecryption: true };
    const next = defined({ NextToken: token });
    const answer = await client.send(new GetParametersByPathCommand({ ...input, ...next }), options);
    names.push(...(answer.Parameters ?? []).map(({ Name }) => Name ?? ""));
    token = answer.NextToken;
    if (token === undefined) break;
  }
  return names.sort();
}

async function readOne(client: SSMClient, name: string, options: object): Promise<JobResult> {
  const { GetParameterCommand } = await import("@aws-sdk/client-ssm");
  const answer = await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }), options);
  const { Name = name, Type = "", Version = 0 } = answer.Parameter ?? {};
  return { read: { name: Name, type: Type, version: Version } };
}

/**
 * The demo job: the guide's pod, with nothing but the SDK's own reading of its environment (AWS_REGION, AWS_ROLE_ARN,
 * AWS_ROLE_SESSION_NAME, AWS_WEB_IDENTITY_TOKEN_FILE, and AWS_ENDPOINT_URL for the sandbox). Asks for its own identity,
 * then which parameters it may read. A refusal is a result, not an exception.
 */
export async function runJob(options: JobOptions = {}): Promise<JobResult> {
  const [{ STSClient, GetCallerIdentityCommand }, { SSMClient }] = await Promise.all([
    import("@aws-sdk/client-sts"),
    import("@aws-sdk/client-ssm"),
  ]);
  const send = defined({ abortSignal: options.signal });
  const sts = new STSClient({});
  // The same credentials for both, so that the token is exchanged once.
  const ssm = new SSMClient({ credentials: sts.config.credentials });
  let call = "GetCallerIdentity";
  let found: JobResult = {};
  try {
    const { Account = "", Arn = "", UserId = "" } = await sts.send(new GetCallerIdentityCommand({}), send);
    found = { identity: { account: Account, arn: Arn, userId: UserId } };
    if (options.read !== undefined) {
      call = "GetParameter";
      return { ...found, ...(await readOne(ssm, options.read, send)) };
    }
    call = "GetParametersByPath";
    return { ...found, parameters: await parameterNames(ssm, options.path ?? "/", send) };
  } catch (thrown) {
    return { ...found, error: { ...complaintOf(thrown), call } };
  } finally {
    sts.destroy();
    ssm.destroy();
  }
}
