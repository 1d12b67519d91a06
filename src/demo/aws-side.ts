import { type AwsSession, openAws, putParameter } from "../providers/aws/index.ts";
import type { Clock } from "../core/base/index.ts";
import { example } from "./example.ts";

/** What AWS needs to know about the cluster, and how to call it. */
export interface AwsSide {
  readonly session: AwsSession;
  readonly account: string;
  readonly issuer: string;
  /** Of the stand-in's root, which is not a public one. */
  readonly thumbprints: readonly string[];
  readonly signal: AbortSignal;
}

/** A session with the sandbox as its administrator. */
export function adminSession(
  sandbox: {
    readonly url: string;
    readonly admin: { readonly accessKeyId: string; readonly secretAccessKey: string };
  },
  clock: Clock,
): AwsSession {
  return openAws({ region: example.region, endpoint: sandbox.url, credentials: sandbox.admin, clock });
}

/** Puts the demo's parameters into Parameter Store, the denied one among them. */
export async function putParameters(side: AwsSide): Promise<void> {
  for (const parameter of [...example.parameters, example.deniedParameter]) {
    await putParameter(side.session, parameter, side.signal);
  }
}
