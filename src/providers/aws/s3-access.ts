import type { AwsAccess } from "./access.ts";
import { complaintOf, isAwsCode } from "./failure.ts";
import { openAws } from "./session.ts";

/** What decides whether the two objects of a bucket are public. `unknown`: S3 did not say. */
export interface PublicAccess {
  /** Switches of Block Public Access on the bucket that are on; the account has the same ones beside them. */
  readonly blocks: readonly string[] | "unknown";
  /** Whether the bucket's policy makes something public. */
  readonly policy: "none" | "public" | "private" | "unknown";
  /** Why something is unknown, in AWS's words. */
  readonly complaints: readonly string[];
}

const switches = [
  "BlockPublicAcls",
  "IgnorePublicAcls",
  "BlockPublicPolicy",
  "RestrictPublicBuckets",
] as const;

async function answerOr<T>(
  work: () => Promise<T>,
  absent: string,
  none: T,
  complaints: string[],
): Promise<T | "unknown"> {
  try {
    return await work();
  } catch (thrown) {
    if (isAwsCode(thrown, absent)) return none;
    const { code, message } = complaintOf(thrown);
    complaints.push(`${code}: ${message}`);
    return "unknown";
  }
}

/** Reads how public a bucket is; what S3 does not say is unknown, never an error. */
export async function readPublicAccess(
  bucket: string,
  access: AwsAccess,
  signal: AbortSignal,
): Promise<PublicAccess> {
  const session = openAws(access);
  const complaints: string[] = [];
  try {
    const api = await import("@aws-sdk/client-s3");
    const client = await session.s3(bucket);
    const options = { abortSignal: signal };
    const blocks = await answerOr<readonly string[]>(
      async () => {
        const command = new api.GetPublicAccessBlockCommand({ Bucket: bucket });
        const { PublicAccessBlockConfiguration: found = {} } = await client.send(command, options);
        return switches.filter((name) => found[name] === true);
      },
      "NoSuchPublicAccessBlockConfiguration",
      [],
      complaints,
    );
    const policy = await answerOr<"none" | "public" | "private">(
      async () => {
        const command = new api.GetBucketPolicyStatusCommand({ Bucket: bucket });
        const { PolicyStatus: found } = await client.send(command, options);
        return found?.IsPublic === true ? "public" : "private";
      },
      "NoSuchBucketPolicy",
      "none",
      complaints,
    );
    return { blocks, policy, complaints };
  } finally {
    session.close();
  }
}
