import { shellWord } from "../../core/base/index.ts";

/** Where a sandbox is, for whoever calls it. */
export interface ClientOptions {
  readonly url: string;
  readonly region: string;
  /** The administrator's keys, as a file of AWS's shared credentials. */
  readonly credentials: string;
}

/**
 * All that points an AWS client at a sandbox, of whatever language. Each name has clients that read it alone: boto3 and
 * the AWS CLI 1 know AWS_DEFAULT_REGION, the SDK for JavaScript AWS_REGION; the SDK for Go exchanges web identity
 * tokens before it reads AWS_ENDPOINT_URL, and would go to AWS.
 */
export function clientEnvironment({ url, region, credentials }: ClientOptions): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_ENDPOINT_URL_STS: url,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_SHARED_CREDENTIALS_FILE: credentials,
  };
}

/** The same as lines for a POSIX shell. */
export function clientExports(options: ClientOptions): readonly string[] {
  return Object.entries(clientEnvironment(options)).map(
    ([name, value]) => `export ${name}=${shellWord(value)}`,
  );
}
