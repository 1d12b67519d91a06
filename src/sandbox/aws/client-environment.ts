import { shellWord } from "../../core/base/index.ts";
import { atDoor, type Form, forms } from "../errors/index.ts";

/** Where a sandbox is, for its clients. */
export interface ClientOptions {
  readonly url: string;
  readonly region: string;
  /** The administrator's keys, as a file of AWS's shared credentials. */
  readonly credentials: string;
}

/** What leads clients to a sandbox. */
const clientForm: Form = forms.members<ClientOptions>(
  { url: forms.text, region: forms.text, credentials: forms.text },
  ["url", "region", "credentials"],
);

/**
 * Variables that point an AWS client at a sandbox, in any language. Each has clients that read no other: boto3 and the
 * AWS CLI 1 know AWS_DEFAULT_REGION, the SDK for JavaScript AWS_REGION; the SDK for Go exchanges web identity tokens
 * before it reads AWS_ENDPOINT_URL, and would go to AWS.
 */
export function clientEnvironment(options: ClientOptions): Record<string, string> {
  return atDoor(() => environmentOf(options));
}

function environmentOf(options: ClientOptions): Record<string, string> {
  clientForm(options, "the client's options");
  const { url, region, credentials } = options;
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
