/** The config file's content once it fits the schema: as it is written, before defaults. */
export interface ConfigInput {
  stack: string;
  issuer: string;
  cluster?: ClusterInput | undefined;
  publisher?: PublisherInput | undefined;
  aws?: AwsInput[] | undefined;
}

export type ClusterInput =
  | { kubeconfig: string; context?: string | undefined }
  | { inCluster: true }
  | { server: string; caFile: string; tokenFile: string };

export interface AuthorityInput {
  directory?: string | undefined;
  caFile?: string | undefined;
  profile?: string | undefined;
  eab?: { kidFile: string; hmacKeyFile: string } | undefined;
}

export interface AcmeInput extends AuthorityInput {
  email?: string | undefined;
  challenge?: "http-01" | "tls-alpn-01" | undefined;
  fallback?: (AuthorityInput & { directory: string }) | undefined;
}

interface Listening {
  listen?: string[] | undefined;
  http?: string[] | undefined;
}

export type HttpsInput =
  | (Listening & { acme: AcmeInput })
  | (Listening & {
      certificateFile: string;
      keyFile: string;
      jwks?: { certificateFile: string; keyFile: string } | undefined;
    });

export interface S3Input {
  bucket: string;
  region: string;
  prefix?: string | undefined;
  account?: string | undefined;
  profile?: string | undefined;
  assumeRole?: string | undefined;
  endpoint?: string | undefined;
}

export interface PublisherInput {
  source?: ClusterInput | undefined;
  jwksUri?: string | undefined;
  keyRetention?: string | undefined;
  pollInterval?: string | undefined;
  cacheControl?: string | undefined;
  admin?: string | false | undefined;
  stateDir?: string | undefined;
  https?: HttpsInput | undefined;
  insecurePlainHttpBehindProxy?: { listen: string[] } | undefined;
  s3?: S3Input | undefined;
}

/** An inline policy: its file, or itself. */
export type InlineInput = { file: string } | { Statement: unknown; [key: string]: unknown };

export interface RoleInput {
  name: string;
  serviceAccounts?: string[] | undefined;
  subjectPatterns?: string[] | undefined;
  policies?: string[] | undefined;
  inline?: Record<string, InlineInput> | undefined;
  boundary?: string | undefined;
  path?: string | undefined;
  description?: string | undefined;
  maxSession?: string | undefined;
  sessionName?: string | undefined;
  tags?: Record<string, string> | undefined;
}

export interface AwsInput {
  account: string;
  region: string;
  stsRegionalEndpoints?: "regional" | "legacy" | undefined;
  audiences?: string[] | undefined;
  profile?: string | undefined;
  assumeRole?: string | undefined;
  tags?: Record<string, string> | undefined;
  roles?: RoleInput[] | undefined;
}
